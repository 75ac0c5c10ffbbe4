// What another configuration makes of a procedure while the mode has no backend.
#include "garde/continuity/procedure_flag.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(1h);

TEST(procedure_flag_adopted, who_closed_it_in_a_degraded_mode_does_not_see_it_open_again) {
    procedure_flag flag{procedure_rules{}};
    ASSERT_TRUE(flag.update(start, mode::degraded));
    ASSERT_TRUE(flag.close(start + 1s));
    flag.adopt({.closes_after = 5s});
    EXPECT_FALSE(flag.update(start + 2s, mode::degraded));
    EXPECT_FALSE(flag.active());
}

TEST(procedure_flag_adopted, one_that_comes_into_being_in_a_degraded_mode_opens) {
    procedure_flag flag{procedure_rules{.exists = false}};
    EXPECT_FALSE(flag.update(start, mode::degraded));
    flag.adopt({});
    EXPECT_TRUE(flag.update(start + 1s, mode::degraded));
    EXPECT_TRUE(flag.active());
}

TEST(procedure_flag_adopted, one_that_is_no_more_closes) {
    procedure_flag flag{procedure_rules{.closes_after = std::nullopt}};
    ASSERT_TRUE(flag.update(start, mode::degraded));
    flag.adopt({.closes_after = std::nullopt, .exists = false});
    EXPECT_TRUE(flag.update(start + 1s, mode::degraded));
    EXPECT_FALSE(flag.active());
    EXPECT_EQ(flag.since(), start + 1s);
    EXPECT_FALSE(flag.update(start + 2s, mode::degraded));
}

}  // namespace
}  // namespace garde::continuity
