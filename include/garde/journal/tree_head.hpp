// What the whole log is at one moment, in forty bytes.
#pragma once

#include <array>
#include <cstdint>

namespace garde::journal {

/// How many records the log has, and the root of the Merkle tree over them (RFC 9162, 2.1.1).
struct tree_head {
    std::uint64_t size = 0;
    std::array<std::uint8_t, 32> root{};
    friend bool operator==(const tree_head&, const tree_head&) = default;
};

}  // namespace garde::journal
