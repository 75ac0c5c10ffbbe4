// When a checkpoint goes to one place, under a hand-driven clock.
#include "../../src/journal/push_schedule.hpp"

#include <gtest/gtest.h>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;

struct push_schedule_test : testing::Test {
    steady_time start{1h};
    push_schedule one{{.every = 60s, .first_pause = 1s, .longest_pause = 10s}};

    /// A push that fails at this moment.
    void fail_at(steady_time now, double dice = 1) {
        one.begin();
        one.failed(now, dice);
    }
};

TEST_F(push_schedule_test, with_nothing_new_nothing_is_due) {
    EXPECT_EQ(one.due(), std::nullopt);
    EXPECT_FALSE(one.behind());
    one.grown(start, urgency::usual);
    EXPECT_TRUE(one.behind());
    one.begin();
    one.pushed();
    EXPECT_EQ(one.due(), std::nullopt);
    EXPECT_FALSE(one.behind());
}

TEST_F(push_schedule_test, a_usual_growth_waits_and_more_of_it_does_not_wait_longer) {
    one.grown(start, urgency::usual);
    EXPECT_EQ(one.due(), start + 60s);
    one.grown(start + 59s, urgency::usual);
    EXPECT_EQ(one.due(), start + 60s) << "else a log that always grows is never pushed";
}

TEST_F(push_schedule_test, what_is_urgent_goes_at_once_and_takes_the_rest_along) {
    one.grown(start, urgency::usual);
    one.grown(start + 5s, urgency::at_once);
    EXPECT_EQ(one.due(), start + 5s);
    one.grown(start + 6s, urgency::usual);
    EXPECT_EQ(one.due(), start + 5s);
}

TEST_F(push_schedule_test, what_grows_during_a_push_is_pushed_after_it) {
    one.grown(start, urgency::at_once);
    one.begin();
    one.grown(start + 1s, urgency::usual);
    one.pushed();
    EXPECT_EQ(one.due(), start + 61s);
}

TEST_F(push_schedule_test, pauses_grow_up_to_a_bound) {
    one.grown(start, urgency::at_once);
    for (const auto pause : {1s, 2s, 4s, 8s, 10s, 10s, 10s}) {
        fail_at(start);
        EXPECT_EQ(one.due(), start + pause);
    }
}

TEST_F(push_schedule_test, pauses_are_spread_over_their_second_half) {
    one.grown(start, urgency::at_once);
    fail_at(start, 0);
    EXPECT_EQ(one.due(), start + 500ms);
    fail_at(start, 0.5);
    EXPECT_EQ(one.due(), start + 1500ms);
}

TEST_F(push_schedule_test, nothing_shortens_a_pause) {
    one.grown(start, urgency::at_once);
    fail_at(start);
    one.grown(start + 1ms, urgency::at_once);
    EXPECT_EQ(one.due(), start + 1s) << "a place that is down is not hammered while much happens";
}

TEST_F(push_schedule_test, a_success_forgets_the_failures) {
    one.grown(start, urgency::at_once);
    fail_at(start);
    fail_at(start);
    EXPECT_EQ(one.failing_since(), start);
    one.begin();
    one.pushed();
    EXPECT_EQ(one.failing_since(), std::nullopt);
    one.grown(start + 20s, urgency::at_once);
    EXPECT_EQ(one.due(), start + 20s);
    fail_at(start + 20s);
    EXPECT_EQ(one.due(), start + 21s);
    EXPECT_EQ(one.failing_since(), start + 20s);
}

TEST_F(push_schedule_test, it_fails_since_the_first_failure) {
    one.grown(start, urgency::at_once);
    fail_at(start + 1s);
    fail_at(start + 5s);
    EXPECT_EQ(one.failing_since(), start + 1s);
}

TEST_F(push_schedule_test, other_rules_hold_from_the_next_growth_on) {
    one.grown(start, urgency::usual);
    one.use({.every = 5s});
    EXPECT_EQ(one.due(), start + 60s);
    one.grown(start, urgency::usual);
    EXPECT_EQ(one.due(), start + 5s);
}

}  // namespace
}  // namespace garde::journal
