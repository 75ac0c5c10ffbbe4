// libFuzzer's door to check_consults.
#include "consult_checks.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    garde::cache::fuzz::check_consults({reinterpret_cast<const char*>(data), size});
    return 0;
}
