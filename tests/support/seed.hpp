// The seed of a test that draws at random: GARDE_SEED where it is set, else another one each time. A test
// that fails prints it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace garde::test {

inline std::uint64_t seed() {
    static const std::uint64_t one = [] {
        const char* given = std::getenv("GARDE_SEED");
        return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    }();
    return one;
}

}  // namespace garde::test
