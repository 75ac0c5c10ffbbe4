// What the whole journal up to some record is known by.
#pragma once

#include "garde/base/hash.hpp"

#include <cstdint>

namespace garde::journal {

/// The Merkle tree's size (in records) and root, as RFC 9162 (2.1.1) defines it.
struct tree_head {
    std::uint64_t size = 0;
    digest256 root = sha256({});  ///< of the empty tree, until it is set
    friend bool operator==(const tree_head&, const tree_head&) = default;
};

}  // namespace garde::journal
