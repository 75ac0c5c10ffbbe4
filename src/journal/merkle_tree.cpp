// See merkle_tree.hpp.
#include "merkle_tree.hpp"

#include <bit>

namespace garde::journal {
namespace {

std::string_view bytes_of(const digest256& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

/// The hashing context is dear to make; one serves all trees of a thread.
tree_hasher& own_hasher() {
    thread_local tree_hasher out;
    return out;
}

/// The largest power of two below `count`, which is at least 2.
std::uint64_t split_of(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

/// The root over the leaves from `begin` to before `end`; they are not none.
result<digest256> root_of(std::uint64_t begin, std::uint64_t end, const hash_reader& leaves) {
    frontier edge;
    for (auto index = begin; index < end; ++index) {
        const auto leaf = leaves(index);
        if (!leaf) return std::unexpected(leaf.error());
        edge.append(*leaf);
    }
    return edge.root();
}

/// A run of leaves whose root belongs to a proof.
struct run {
    std::uint64_t begin;
    std::uint64_t end;
};

/// The roots of the runs, the last one first: they were noted on the way down, and proofs begin at the
/// bottom.
result<std::vector<digest256>> roots_upward(std::span<const run> noted, const hash_reader& leaves) {
    std::vector<digest256> out;
    for (auto at = noted.rbegin(); at != noted.rend(); ++at) {
        const auto root = root_of(at->begin, at->end, leaves);
        if (!root) return std::unexpected(root.error());
        out.push_back(*root);
    }
    return out;
}

}  // namespace

digest256 tree_hasher::leaf(std::string_view bytes) {
    stream_.add({"\0", 1});
    stream_.add(bytes);
    return stream_.take();
}

digest256 tree_hasher::node(const digest256& left, const digest256& right) {
    stream_.add("\1");
    stream_.add(bytes_of(left));
    stream_.add(bytes_of(right));
    return stream_.take();
}

std::optional<frontier> frontier::from(std::uint64_t size, std::vector<digest256> peaks) {
    if (peaks.size() != static_cast<std::size_t>(std::popcount(size))) return std::nullopt;
    frontier out;
    out.size_ = size;
    out.peaks_ = std::move(peaks);
    return out;
}

void frontier::append(const digest256& leaf_hash) {
    auto& hasher = own_hasher();
    peaks_.push_back(leaf_hash);
    // Each one bit at the end of the old size is a full subtree that this leaf completes into a larger one.
    for (auto full = size_; (full & 1) != 0; full >>= 1) {
        const auto right = peaks_.back();
        peaks_.pop_back();
        peaks_.back() = hasher.node(peaks_.back(), right);
    }
    ++size_;
}

digest256 frontier::root() const {
    if (peaks_.empty()) return sha256({});
    auto& hasher = own_hasher();
    auto out = peaks_.back();
    for (auto at = peaks_.size() - 1; at > 0; --at) out = hasher.node(peaks_[at - 1], out);
    return out;
}

result<std::vector<digest256>> inclusion_path(std::uint64_t index, std::uint64_t size,
                                              const hash_reader& leaves) {
    std::vector<run> beside;
    run in{0, size};
    while (in.end - in.begin > 1) {
        const auto middle = in.begin + split_of(in.end - in.begin);
        if (index < middle) {
            beside.push_back({middle, in.end});
            in.end = middle;
        } else {
            beside.push_back({in.begin, middle});
            in.begin = middle;
        }
    }
    return roots_upward(beside, leaves);
}

result<std::vector<digest256>> consistency_path(std::uint64_t first, std::uint64_t second,
                                                const hash_reader& leaves) {
    std::vector<run> noted;
    run in{0, second};
    while (in.end != first) {
        const auto middle = in.begin + split_of(in.end - in.begin);
        if (first <= middle) {
            noted.push_back({middle, in.end});
            in.end = middle;
        } else {
            noted.push_back({in.begin, middle});
            in.begin = middle;
        }
    }
    // Whoever verifies has the first tree's root already where it is a subtree of the second.
    if (in.begin > 0) noted.push_back(in);
    return roots_upward(noted, leaves);
}

bool verify_inclusion(const digest256& leaf_hash, std::uint64_t index, const tree_head& in,
                      std::span<const digest256> path) {
    if (index >= in.size) return false;
    auto& hasher = own_hasher();
    auto fn = index;
    auto sn = in.size - 1;
    auto r = leaf_hash;
    for (const auto& p : path) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            r = hasher.node(p, r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            r = hasher.node(r, p);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && r == in.root;
}

bool verify_consistency(const tree_head& first, const tree_head& second, std::span<const digest256> path) {
    if (first.size == 0 || first.size > second.size) return false;
    if (first.size == second.size) return path.empty() && first.root == second.root;
    if (path.empty()) return false;
    auto& hasher = own_hasher();
    auto fn = first.size - 1;
    auto sn = second.size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    // A first tree that is full is not repeated in the proof.
    const bool full = std::has_single_bit(first.size);
    auto fr = full ? first.root : path.front();
    auto sr = fr;
    for (const auto& c : path.subspan(full ? 0 : 1)) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            fr = hasher.node(c, fr);
            sr = hasher.node(c, sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            sr = hasher.node(sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && fr == first.root && sr == second.root;
}

}  // namespace garde::journal
