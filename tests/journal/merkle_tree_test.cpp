// The tree against the published vectors of RFC 6962 and 9162 (certificate-transparency's eight leaves), and
// every proof of every small tree.
#include "../../src/journal/merkle_tree.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace garde::journal {
namespace {

std::string bytes(std::string_view hex) {
    const auto read = from_hex(hex);
    return read ? std::string(read->begin(), read->end()) : std::string("?");
}

const std::array<std::string, 8> inputs{
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};

const std::array<std::string_view, 9> roots{
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<digest256> leaves_of_vectors() {
    std::vector<digest256> out;
    out.reserve(inputs.size());
    for (const auto& one : inputs) out.push_back(tree_hasher().leaf(bytes(one)));
    return out;
}

hash_reader reading(const std::vector<digest256>& leaves) {
    return [&leaves](std::uint64_t index) -> result<digest256> { return leaves.at(index); };
}

tree_head head_of(const std::vector<digest256>& leaves, std::uint64_t size) {
    frontier edge;
    for (std::uint64_t i = 0; i < size; ++i) edge.append(leaves[i]);
    return edge.head();
}

TEST(merkle_tree, has_the_published_roots) {
    const auto leaves = leaves_of_vectors();
    for (std::size_t size = 0; size <= leaves.size(); ++size)
        EXPECT_EQ(to_hex(head_of(leaves, size).root), roots[size]) << size;
}

std::vector<std::string> hex_of(const result<std::vector<digest256>>& path) {
    std::vector<std::string> out;
    for (const auto& one : path.value()) out.push_back(to_hex(one));
    return out;
}

TEST(merkle_tree, has_the_published_inclusion_paths) {
    const auto leaves = leaves_of_vectors();
    EXPECT_EQ(hex_of(inclusion_path(0, 1, reading(leaves))), std::vector<std::string>{});
    EXPECT_EQ(hex_of(inclusion_path(0, 8, reading(leaves))),
              (std::vector<std::string>{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(hex_of(inclusion_path(5, 8, reading(leaves))),
              (std::vector<std::string>{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    EXPECT_EQ(hex_of(inclusion_path(2, 3, reading(leaves))),
              (std::vector<std::string>{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}));
}

TEST(merkle_tree, has_the_published_consistency_proofs) {
    const auto leaves = leaves_of_vectors();
    EXPECT_EQ(hex_of(consistency_path(1, 1, reading(leaves))), std::vector<std::string>{});
    EXPECT_EQ(hex_of(consistency_path(1, 8, reading(leaves))),
              (std::vector<std::string>{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(hex_of(consistency_path(6, 8, reading(leaves))),
              (std::vector<std::string>{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

/// 64 different leaves.
std::vector<digest256> many_leaves() {
    std::vector<digest256> out;
    out.reserve(64);
    for (int i = 0; i < 64; ++i) out.push_back(tree_hasher().leaf("leaf " + std::to_string(i)));
    return out;
}

digest256 bent(digest256 hash) {
    hash[7] ^= 1;
    return hash;
}

TEST(merkle_tree, each_leaf_of_each_small_tree_is_proven_and_nothing_else_is) {
    const auto leaves = many_leaves();
    for (std::uint64_t size = 1; size <= leaves.size(); ++size) {
        const auto head = head_of(leaves, size);
        for (std::uint64_t index = 0; index < size; ++index) {
            auto path = *inclusion_path(index, size, reading(leaves));
            ASSERT_TRUE(verify_inclusion(leaves[index], index, head, path)) << index << " of " << size;
            EXPECT_FALSE(verify_inclusion(bent(leaves[index]), index, head, path));
            EXPECT_FALSE(verify_inclusion(leaves[index], size, head, path));
            if (size > 1) {
                EXPECT_FALSE(verify_inclusion(leaves[index], (index + 1) % size, head, path));
            }
            EXPECT_FALSE(verify_inclusion(leaves[index], index, {size, bent(head.root)}, path));
            path.push_back(leaves[0]);
            EXPECT_FALSE(verify_inclusion(leaves[index], index, head, path));
            path.pop_back();
            for (auto& hash : path) {
                const auto whole = hash;
                hash = bent(hash);
                EXPECT_FALSE(verify_inclusion(leaves[index], index, head, path));
                hash = whole;
            }
        }
    }
}

TEST(merkle_tree, each_small_tree_is_proven_to_begin_each_larger_one_and_nothing_else_is) {
    const auto leaves = many_leaves();
    for (std::uint64_t second = 1; second <= leaves.size(); ++second)
        for (std::uint64_t first = 1; first <= second; ++first) {
            const auto from = head_of(leaves, first);
            const auto to = head_of(leaves, second);
            auto path = *consistency_path(first, second, reading(leaves));
            ASSERT_TRUE(verify_consistency(from, to, path)) << first << " in " << second;
            EXPECT_FALSE(verify_consistency({first, bent(from.root)}, to, path));
            EXPECT_FALSE(verify_consistency(from, {second, bent(to.root)}, path));
            path.push_back(leaves[0]);
            EXPECT_FALSE(verify_consistency(from, to, path));
            path.pop_back();
            for (auto& hash : path) {
                const auto whole = hash;
                hash = bent(hash);
                EXPECT_FALSE(verify_consistency(from, to, path));
                hash = whole;
            }
        }
    EXPECT_FALSE(verify_consistency({}, head_of(leaves, 3), {}));
}

TEST(merkle_tree, goes_on_from_its_right_edge) {
    const auto leaves = many_leaves();
    frontier whole;
    for (std::uint64_t size = 0; size < leaves.size(); ++size) {
        auto again = frontier::from(size, whole.peaks());
        ASSERT_TRUE(again);
        again->append(leaves[size]);
        whole.append(leaves[size]);
        EXPECT_EQ(again->head(), whole.head());
    }
    EXPECT_FALSE(frontier::from(3, {leaves[0]}));
    EXPECT_FALSE(frontier::from(0, {leaves[0]}));
}

TEST(merkle_tree, a_leaf_that_cannot_be_read_fails_the_proof) {
    const hash_reader broken = [](std::uint64_t) -> result<digest256> { return fail("no disk"); };
    EXPECT_EQ(inclusion_path(1, 3, broken).error().message, "no disk");
    EXPECT_EQ(consistency_path(1, 3, broken).error().message, "no disk");
}

}  // namespace
}  // namespace garde::journal
