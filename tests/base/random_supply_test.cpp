// Bytes that are drawn many at a time are still handed out once each.
#include "garde/base/random_supply.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace garde {
namespace {

TEST(random_supply, never_gives_the_same_bytes_twice) {
    random_supply from;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < 3 * random_supply::drawn_bytes / 24; ++i) {
        const std::string one(from.take(24));
        ASSERT_EQ(one.size(), 24U);
        ASSERT_TRUE(seen.insert(one).second) << i;
    }
}

TEST(random_supply, gives_all_that_it_draws_at_once) {
    random_supply from;
    EXPECT_EQ(from.take(random_supply::drawn_bytes).size(), random_supply::drawn_bytes);
    EXPECT_EQ(from.take(1).size(), 1U);
}

}  // namespace
}  // namespace garde
