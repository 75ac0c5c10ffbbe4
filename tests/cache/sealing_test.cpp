// The seal of kept answers: what opens it, what does not, and what shows through.
#include "garde/cache/sealing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace garde::cache {
namespace {

const secret_string material_one{"0123456789abcdef0123456789abcdef"};
const secret_string material_two{"0123456789abcdef0123456789abcdeF"};

master_key master(char fill) {
    return *master_key::from(secret_string(std::string(master_key::size, fill)));
}

cache_key key_of(std::string_view text) {
    return sha256(text);
}

TEST(epoch_keys, opens_what_it_has_sealed) {
    const epoch_keys keys(1, material_one);
    for (const std::string& plain : {std::string(), std::string("x"), std::string(100'000, 'y')}) {
        const auto opened = keys.open("context", keys.seal("context", plain));
        ASSERT_TRUE(opened.has_value());
        EXPECT_EQ(opened->reveal(), plain);
    }
}

TEST(epoch_keys, nothing_shows_through_the_seal) {
    const epoch_keys keys(1, material_one);
    const std::string plain = "00000000101 EXAMPLE PATIENT";
    const auto sealed = keys.seal("", plain);
    for (std::size_t i = 0; i + 4 <= plain.size(); ++i)
        EXPECT_EQ(sealed.find(plain.substr(i, 4)), std::string::npos);
    EXPECT_NE(sealed, keys.seal("", plain)) << "two seals of one text can be told from each other";
}

TEST(epoch_keys, another_context_does_not_open) {
    const epoch_keys keys(1, material_one);
    EXPECT_FALSE(keys.open("other", keys.seal("context", "text")).has_value());
}

TEST(epoch_keys, other_material_does_not_open) {
    EXPECT_FALSE(
        epoch_keys(1, material_two).open("c", epoch_keys(1, material_one).seal("c", "text")).has_value());
}

TEST(epoch_keys, any_changed_bit_and_any_cut_breaks_the_seal) {
    const epoch_keys keys(1, material_one);
    const auto sealed = keys.seal("c", "text of some length");
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        auto changed = sealed;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        ASSERT_FALSE(keys.open("c", changed).has_value()) << "bit " << bit;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
        ASSERT_FALSE(keys.open("c", sealed.substr(0, size)).has_value()) << "cut to " << size;
}

TEST(epoch_keys, a_tag_is_the_same_for_the_same_key_in_the_same_epoch_only) {
    const epoch_keys one(1, material_one);
    const epoch_keys two(2, material_two);
    EXPECT_EQ(one.tag(key_of("a")), one.tag(key_of("a")));
    EXPECT_NE(one.tag(key_of("a")), one.tag(key_of("b")));
    EXPECT_NE(one.tag(key_of("a")), two.tag(key_of("a")));
}

TEST(epoch_keys, a_tag_is_no_hash_that_everybody_can_make) {
    const auto tag = epoch_keys(1, material_one).tag(key_of("a"));
    const auto hash = sha256({reinterpret_cast<const char*>(key_of("a").data()), 32});
    EXPECT_FALSE(std::equal(tag.begin(), tag.end(), hash.begin()));
    EXPECT_FALSE(std::equal(tag.begin(), tag.end(), key_of("a").begin()));
}

TEST(epoch_keys, material_is_random) {
    std::set<std::string> seen;
    for (int i = 0; i < 20; ++i) seen.insert(std::string(epoch_keys::make_material().reveal()));
    EXPECT_EQ(seen.size(), 20U);
    EXPECT_EQ(seen.begin()->size(), 32U);
}

TEST(master_key, unwraps_what_it_has_wrapped_for_that_epoch_only) {
    const auto wrapped = master('a').wrap(7, material_one);
    ASSERT_TRUE(master('a').unwrap(7, wrapped).has_value());
    EXPECT_EQ(*master('a').unwrap(7, wrapped), material_one);
    EXPECT_FALSE(master('a').unwrap(8, wrapped).has_value());
    EXPECT_FALSE(master('b').unwrap(7, wrapped).has_value());
    EXPECT_EQ(wrapped.find(material_one.reveal()), std::string::npos);
}

TEST(master_key, has_32_bytes) {
    EXPECT_FALSE(master_key::from(secret_string(std::string(31, 'a'))).has_value());
    EXPECT_FALSE(master_key::from(secret_string(std::string(33, 'a'))).has_value());
    EXPECT_FALSE(master_key::from(secret_string()).has_value());
}

}  // namespace
}  // namespace garde::cache
