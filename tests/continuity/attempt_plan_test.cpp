// Whom a request is sent to, how long, and when that ends.
#include "plan_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace plan_testing;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(attempt_plan, the_first_backend_is_asked_first) {
    planned plan(three, rules(replay::safe), arrived);
    const auto order = order_in(plan.start());
    EXPECT_EQ(order.backend, first);
    EXPECT_EQ(order.before, history::fresh);
    EXPECT_EQ(order.give_up_at, arrived + 3s);
}

TEST(attempt_plan, nobody_to_ask_is_the_end) {
    planned plan({}, rules(replay::safe), arrived);
    EXPECT_TRUE(ends(plan.start()));
    EXPECT_THAT(plan.tried(), IsEmpty());
}

TEST(attempt_plan, an_answer_is_delivered) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_TRUE(delivers(plan.resume(arrived + 1s, answered)));
    EXPECT_THAT(plan.tried(), ElementsAre(first));
}

TEST(attempt_plan, an_answer_to_a_later_attempt_is_delivered) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_TRUE(delivers(plan.resume(arrived + 2s, answered)));
}

TEST(attempt_plan, failures_go_through_the_backends_in_order_and_then_end) {
    planned plan(three, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).backend, first);
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).backend, second);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, broke_off)).backend, third);
    EXPECT_TRUE(ends(plan.resume(arrived + 3s, unavailable)));
    EXPECT_THAT(plan.tried(), ElementsAre(first, second, third));
}

TEST(attempt_plan, an_order_other_than_the_configured_one_is_kept) {
    const std::vector<backend_index> two{third, first};
    planned plan(two, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).backend, third);
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).backend, first);
    EXPECT_TRUE(ends(plan.resume(arrived + 2s, timed_out)));
}

TEST(attempt_plan, an_inconclusive_result_goes_on_to_the_next) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, replayed)).backend, third);
}

// --- time ---

TEST(attempt_plan, a_later_attempt_has_its_own_time) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).give_up_at, arrived + 4s);
}

TEST(attempt_plan, no_attempt_outlasts_the_exchange) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 8s, timed_out)).give_up_at, arrived + 10s);
}

TEST(attempt_plan, the_first_attempt_does_not_outlast_the_exchange_either) {
    planned plan(three, {.attempt_timeout = 3s, .exchange_timeout = 2s, .replays = replay::safe}, arrived);
    EXPECT_EQ(order_in(plan.start()).give_up_at, arrived + 2s);
}

TEST(attempt_plan, at_the_deadline_it_stops) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_TRUE(ends(plan.resume(arrived + 10s, timed_out)));
    EXPECT_THAT(plan.tried(), ElementsAre(first));
}

TEST(attempt_plan, an_attempt_without_useful_time_is_not_begun) {
    planned too_late(three, rules(replay::safe), arrived);
    too_late.start();
    EXPECT_TRUE(ends(too_late.resume(arrived + 10s - 19ms, timed_out)));

    planned in_time(three, rules(replay::safe), arrived);
    in_time.start();
    EXPECT_EQ(order_in(in_time.resume(arrived + 10s - 20ms, timed_out)).backend, second);
}

// --- the message's life span ---

TEST(attempt_plan, the_first_attempt_is_made_even_if_the_message_seems_dead) {
    planned plan(three, rules(replay::safe), arrived);
    plan.limit_life(arrived);
    const auto order = order_in(plan.start());
    EXPECT_EQ(order.backend, first);
    EXPECT_EQ(order.give_up_at, arrived + 3s);
}

TEST(attempt_plan, later_attempts_end_within_the_life_span) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 5s);
    EXPECT_EQ(order_in(plan.resume(arrived + 3s, timed_out)).give_up_at, arrived + 5s);
}

TEST(attempt_plan, no_later_attempt_begins_after_the_life_span) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 2s);
    EXPECT_TRUE(ends(plan.resume(arrived + 3s, timed_out)));
}

TEST(attempt_plan, a_long_life_span_does_not_lengthen_the_exchange) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 60s);
    EXPECT_EQ(order_in(plan.resume(arrived + 9s, timed_out)).give_up_at, arrived + 10s);
}

// --- requests that must not be processed twice ---

TEST(attempt_plan, an_unsafe_request_is_sent_again_when_nothing_was_sent) {
    for (const auto why : {reason::connect_failed, reason::connect_timeout, reason::tls_failed}) {
        planned plan(three, rules(replay::forbidden), arrived);
        plan.start();
        EXPECT_EQ(order_in(plan.resume(arrived + 1s, {outcome_kind::failed, why})).backend, second)
            << to_text(why);
    }
}

TEST(attempt_plan, an_unsafe_request_is_not_sent_again_when_it_may_have_been_processed) {
    for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i) {
        const auto why = static_cast<reason>(i);
        if (!may_have_been_processed(why)) continue;
        for (const auto kind : {outcome_kind::failed, outcome_kind::inconclusive}) {
            planned plan(three, rules(replay::forbidden), arrived);
            plan.start();
            EXPECT_TRUE(ends(plan.resume(arrived + 1s, {kind, why}))) << to_text(why);
        }
    }
}

TEST(attempt_plan, an_unsafe_request_stops_at_the_first_attempt_that_may_have_been_processed) {
    planned plan(three, rules(replay::forbidden), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).backend, second);
    EXPECT_TRUE(ends(plan.resume(arrived + 2s, timed_out)));
}

// --- what went before is passed on ---

TEST(attempt_plan, after_a_failure_to_connect_nothing_was_sent) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).before, history::failed_unsent);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unreachable)).before, history::failed_unsent);
}

TEST(attempt_plan, after_a_timeout_the_request_may_have_been_processed) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).before, history::maybe_processed);
}

TEST(attempt_plan, what_may_have_been_processed_stays_so) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unreachable)).before, history::maybe_processed);
}

TEST(attempt_plan, an_unsent_failure_may_be_followed_by_one_that_was_processed) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, unreachable);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, timed_out)).before, history::maybe_processed);
}

}  // namespace
}  // namespace garde::continuity
