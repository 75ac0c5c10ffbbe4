// libFuzzer's door to check_responses.
#include "checks.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    garde::http::fuzz::check_responses({reinterpret_cast<const char*>(data), size});
    return 0;
}
