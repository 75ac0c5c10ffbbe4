// Who was answered lately: for how long, and what becomes of two who share a place.
#include "garde/continuity/recent_callers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));

TEST(recent_callers, knows_nobody_at_first) {
    const recent_callers callers;
    EXPECT_FALSE(callers.knows(0, start));
    EXPECT_FALSE(callers.knows(42, start));
}

TEST(recent_callers, knows_who_was_answered_for_an_hour) {
    recent_callers callers;
    callers.answered(42, start);
    EXPECT_TRUE(callers.knows(42, start));
    EXPECT_TRUE(callers.knows(42, start + 1h - 1ms));
    EXPECT_FALSE(callers.knows(42, start + 1h));
    EXPECT_FALSE(callers.knows(43, start));
}

TEST(recent_callers, each_answer_begins_the_hour_anew) {
    recent_callers callers;
    callers.answered(42, start);
    callers.answered(42, start + 30min);
    EXPECT_TRUE(callers.knows(42, start + 80min));
}

TEST(recent_callers, of_two_who_share_a_place_the_later_one_stays) {
    recent_callers callers;
    constexpr std::uint64_t one = 42;
    constexpr std::uint64_t other = one + recent_callers::places;
    callers.answered(one, start);
    EXPECT_FALSE(callers.knows(other, start));
    callers.answered(other, start + 1s);
    EXPECT_TRUE(callers.knows(other, start + 1s));
    EXPECT_FALSE(callers.knows(one, start + 1s));
}

TEST(recent_callers, everybody_has_a_place) {
    recent_callers callers;
    for (std::uint64_t caller = 0; caller < recent_callers::places; ++caller) callers.answered(caller, start);
    for (std::uint64_t caller = 0; caller < recent_callers::places; ++caller)
        EXPECT_TRUE(callers.knows(caller, start)) << caller;
}

}  // namespace
}  // namespace garde::continuity
