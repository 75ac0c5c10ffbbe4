// What is sealed is opened by the same key in the same context, unchanged, and by nothing else.
#include "garde/base/sealing.hpp"

#include <gtest/gtest.h>

namespace garde {
namespace {

TEST(sealing, is_opened_by_its_key_in_its_context) {
    const auto key = make_sealing_key();
    for (const auto* plain : {"", "x", "a longer text"}) {
        const auto sealed = seal(key, "here", plain);
        ASSERT_TRUE(open_seal(key, "here", sealed));
        EXPECT_EQ(open_seal(key, "here", sealed)->reveal(), plain);
        EXPECT_FALSE(open_seal(key, "there", sealed));
        EXPECT_FALSE(open_seal(make_sealing_key(), "here", sealed));
        EXPECT_NE(seal(key, "here", plain), sealed) << "each time another";
        for (auto changed = sealed; auto& byte : changed) {
            byte = static_cast<char>(byte ^ 1);
            EXPECT_FALSE(open_seal(key, "here", changed));
            byte = static_cast<char>(byte ^ 1);
        }
    }
    EXPECT_FALSE(open_seal(key, "here", "short"));
}

TEST(sealing, keys_for_other_purposes_are_other_keys) {
    const auto key = make_sealing_key();
    EXPECT_EQ(derive_key(key, "one"), derive_key(key, "one"));
    EXPECT_NE(derive_key(key, "one"), derive_key(key, "two"));
    EXPECT_EQ(derive_key(key, "one").size(), sealing_key_bytes);
}

}  // namespace
}  // namespace garde
