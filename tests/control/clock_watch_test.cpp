// A wall clock that is set is noticed; one that is only corrected is not.
#include "garde/control/clock_watch.hpp"

#include <gtest/gtest.h>

namespace garde::control {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// Two clocks that run on together, and can be pulled apart.
struct clock_watch_test : testing::Test {
    clock_reading now{.wall = wall_time(1'000'000s), .since_boot = 500s};
    clock_watch watch{now};

    std::optional<nanoseconds> after(nanoseconds boot, nanoseconds wall) {
        now.since_boot += boot;
        now.wall += wall;
        return watch.look(now);
    }
};

TEST_F(clock_watch_test, clocks_that_run_together_are_no_news) {
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(after(500ms, 500ms), std::nullopt);
    EXPECT_EQ(after(24h, 24h), std::nullopt) << "suspension counts in both";
}

TEST_F(clock_watch_test, a_step_is_told_once_with_its_size) {
    EXPECT_EQ(after(500ms, 500ms + 1h), 1h);
    EXPECT_EQ(after(500ms, 500ms), std::nullopt);
    EXPECT_EQ(after(500ms, 500ms - 1h), -1h);
    EXPECT_EQ(after(500ms, 500ms), std::nullopt);
}

TEST_F(clock_watch_test, a_second_is_no_step_yet) {
    EXPECT_EQ(after(0s, 1s), std::nullopt);
    EXPECT_EQ(after(0s, 1ns), 1s + 1ns) << "it adds up";
    EXPECT_EQ(after(0s, -1s), std::nullopt);
    EXPECT_EQ(after(0s, -1ns), -1s - 1ns);
}

TEST_F(clock_watch_test, many_small_steps_are_one) {
    std::optional<nanoseconds> told;
    int steps = 0;
    while (!told && steps < 10) {
        told = after(500ms, 500ms + 300ms);
        ++steps;
    }
    ASSERT_TRUE(told);
    EXPECT_EQ(steps, 4);
    EXPECT_GT(*told, 1s);
    EXPECT_LE(*told, 1'200ms);
}

TEST_F(clock_watch_test, a_clock_under_correction_is_never_news) {
    for (int i = 0; i < 100'000; ++i) ASSERT_EQ(after(500ms, 500ms + 250us), std::nullopt) << i;
    for (int i = 0; i < 100'000; ++i) ASSERT_EQ(after(500ms, 500ms - 250us), std::nullopt) << i;
}

TEST_F(clock_watch_test, a_step_under_correction_has_its_own_size) {
    for (int i = 0; i < 10'000; ++i) ASSERT_EQ(after(500ms, 500ms + 250us), std::nullopt);
    EXPECT_EQ(after(0s, 2s), 2s) << "what was corrected before is not in it";
}

}  // namespace
}  // namespace garde::control
