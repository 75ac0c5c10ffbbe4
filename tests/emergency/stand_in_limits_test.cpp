// Limits of stand-in rules: in any sixty minutes never more than was allowed, whatever happens at the same
// time.
#include "garde/emergency/stand_in_limits.hpp"

#include "../support/seed.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <random>
#include <thread>
#include <vector>

namespace garde::emergency {
namespace {

using namespace std::chrono_literals;

constexpr steady_time begin{std::chrono::hours(1000)};

TEST(stand_in_limits, without_a_limit_everything_may_be_taken) {
    stand_in_limits limits;
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(limits.take("s/r", "a", {}, begin));
    EXPECT_EQ(limits.taken("s/r", "a", begin), 0U);
}

TEST(stand_in_limits, each_caller_has_his_own) {
    stand_in_limits limits;
    const hourly_limits two{.of_all = {}, .per_caller = 2};
    EXPECT_TRUE(limits.take("s/r", "a", two, begin));
    EXPECT_TRUE(limits.take("s/r", "a", two, begin + 59min));
    EXPECT_FALSE(limits.take("s/r", "a", two, begin + 59min));
    EXPECT_TRUE(limits.take("s/r", "b", two, begin + 59min));
    EXPECT_TRUE(limits.take("s/other", "a", two, begin + 59min));
}

TEST(stand_in_limits, what_is_over_a_limit_is_not_counted) {
    stand_in_limits limits;
    const hourly_limits one_each{.of_all = 2, .per_caller = 1};
    EXPECT_TRUE(limits.take("s/r", "a", one_each, begin));
    for (int i = 0; i < 5; ++i) EXPECT_FALSE(limits.take("s/r", "a", one_each, begin));
    EXPECT_TRUE(limits.take("s/r", "b", one_each, begin));
    EXPECT_FALSE(limits.take("s/r", "c", one_each, begin));
    EXPECT_EQ(limits.taken("s/r", "c", begin), 0U);
}

TEST(stand_in_limits, after_an_hour_and_a_part_there_is_room_again) {
    stand_in_limits limits;
    const hourly_limits one{.of_all = {}, .per_caller = 1};
    EXPECT_TRUE(limits.take("s/r", "a", one, begin));
    EXPECT_FALSE(limits.take("s/r", "a", one, begin + 60min));
    EXPECT_TRUE(limits.take("s/r", "a", one, begin + 65min));
}

TEST(stand_in_limits, a_long_silence_leaves_nothing_behind) {
    stand_in_limits limits;
    const hourly_limits one{.of_all = 1, .per_caller = {}};
    EXPECT_TRUE(limits.take("s/r", "a", one, begin));
    EXPECT_TRUE(limits.take("s/r", "a", one, begin + 10h));
    EXPECT_FALSE(limits.take("s/r", "a", one, begin + 10h));
}

/// Against a list of every time that was taken.
TEST(stand_in_limits, no_sixty_minutes_ever_have_more_than_the_limit) {
    std::mt19937_64 random(test::seed());
    for (int round = 0; round < 50; ++round) {
        stand_in_limits limits;
        const hourly_limits some{.of_all = 1 + random() % 40, .per_caller = 1 + random() % 10};
        std::deque<std::pair<steady_time, int>> taken;
        steady_time now = begin;
        for (int step = 0; step < 2'000; ++step) {
            now += seconds(random() % 120);
            const int who = static_cast<int>(random() % 6);
            if (limits.take("s/r", fmt::format("{}", who), some, now)) taken.emplace_back(now, who);
            while (!taken.empty() && taken.front().first + 60min <= now) taken.pop_front();
            const auto of_who = std::ranges::count(taken, who, [](const auto& one) { return one.second; });
            ASSERT_LE(taken.size(), *some.of_all) << "GARDE_SEED=" << test::seed();
            ASSERT_LE(of_who, *some.per_caller) << "GARDE_SEED=" << test::seed();
        }
    }
}

TEST(stand_in_limits, a_limit_holds_for_threads_that_take_at_the_same_time) {
    stand_in_limits limits;
    const hourly_limits some{.of_all = 1'000, .per_caller = 300};
    std::atomic<int> all = 0;
    std::array<std::atomic<int>, 5> of_caller{};
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&, thread] {
                for (int i = 0; i < 2'000; ++i) {
                    const auto who = static_cast<std::size_t>(i + thread) % of_caller.size();
                    if (!limits.take("s/r", fmt::format("{}", who), some, begin + seconds(i % 60))) continue;
                    ++all;
                    ++of_caller[who];
                }
            });
    }
    EXPECT_EQ(all, 1'000);  // as many as there are, and not one more
    for (const auto& one : of_caller) EXPECT_LE(one, 300);
}

TEST(stand_in_limits, a_crowd_of_callers_has_a_bound_and_idle_ones_make_room) {
    stand_in_limits limits;
    const hourly_limits one{.of_all = {}, .per_caller = 1};
    for (std::size_t i = 0; i < stand_in_limits::most_callers; ++i)
        ASSERT_TRUE(limits.take("s/r", fmt::format("{}", i), one, begin));
    EXPECT_FALSE(limits.take("s/r", "one more", one, begin));
    EXPECT_TRUE(limits.take("s/r", "one more", one, begin + 2h));
}

}  // namespace
}  // namespace garde::emergency
