// The Merkle tree of RFC 9162, section 2.1: hashing of leaves and nodes, the right edge of a growing tree,
// inclusion and consistency proofs and their verification. Pure: knows neither records nor files.
#pragma once

#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/journal/tree_head.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace garde::journal {

/// Hashes of leaves and nodes; keeps one hashing context. One thread.
class tree_hasher {
  public:
    /// SHA-256(0x00 ‖ leaf)
    digest256 leaf(std::string_view bytes);
    /// SHA-256(0x01 ‖ left ‖ right)
    digest256 node(const digest256& left, const digest256& right);

  private:
    sha256_stream stream_;
};

/// The right edge of a tree: the roots of its full subtrees, the largest (leftmost) first; as many as `size`
/// has one bits. Enough to append to the tree and to know its root, in O(log n).
class frontier {
  public:
    frontier() = default;
    /// Nothing when these are not as many peaks as a tree of that size has.
    static std::optional<frontier> from(std::uint64_t size, std::vector<digest256> peaks);

    void append(const digest256& leaf_hash);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const std::vector<digest256>& peaks() const { return peaks_; }
    [[nodiscard]] digest256 root() const;
    [[nodiscard]] tree_head head() const { return {size_, root()}; }

  private:
    std::uint64_t size_ = 0;
    std::vector<digest256> peaks_;
};

/// Hands out the leaf hash of that index (from 0); the error goes to whoever asked for the proof. Proofs ask
/// in rising order within each subtree.
using hash_reader = std::function<result<digest256>(std::uint64_t index)>;

/// The path of RFC 9162, 2.1.3.1, for the leaf `index` in the tree of the first `size` leaves. `index` is
/// below `size`.
result<std::vector<digest256>> inclusion_path(std::uint64_t index, std::uint64_t size,
                                              const hash_reader& leaves);

/// The proof of RFC 9162, 2.1.4.1, that the tree of `first` leaves is the beginning of that of `second`;
/// empty where they are the same. 0 < first <= second.
result<std::vector<digest256>> consistency_path(std::uint64_t first, std::uint64_t second,
                                                const hash_reader& leaves);

/// RFC 9162, 2.1.3.2.
bool verify_inclusion(const digest256& leaf_hash, std::uint64_t index, const tree_head& in,
                      std::span<const digest256> path);

/// RFC 9162, 2.1.4.2.
bool verify_consistency(const tree_head& first, const tree_head& second, std::span<const digest256> path);

}  // namespace garde::journal
