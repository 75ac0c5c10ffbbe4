// libFuzzer's door to check_assertions.
#include "assertion_checks.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    garde::caller::fuzz::check_assertions({reinterpret_cast<const char*>(data), size});
    return 0;
}
