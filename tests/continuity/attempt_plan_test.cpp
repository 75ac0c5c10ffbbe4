// Whom a request is sent to, how long, and when that ends.
#include "garde/continuity/attempt_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <variant>
#include <vector>

namespace garde::continuity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr steady_time arrived = steady_time(std::chrono::hours(1));
constexpr backend_index first{0};
constexpr backend_index second{1};
constexpr backend_index third{2};
const std::vector<backend_index> three{first, second, third};

constexpr outcome answered{outcome_kind::answered, reason::none};
constexpr outcome unreachable{outcome_kind::failed, reason::connect_failed};
constexpr outcome timed_out{outcome_kind::failed, reason::timed_out};
constexpr outcome broke_off{outcome_kind::failed, reason::reset};
constexpr outcome unavailable{outcome_kind::failed, reason::fault_unavailable};
constexpr outcome replayed{outcome_kind::inconclusive, reason::possible_replay};

attempt_rules rules(replay replays) {
    return {.attempt_timeout = 3s, .exchange_timeout = 10s, .replays = replays};
}

/// A plan with a budget for its retries that is not spent.
struct planned {
    planned(std::span<const backend_index> whom, const attempt_rules& with, steady_time at)
        : plan(whom, with, at) {}

    attempt_plan plan;
    retry_budget budget;

    attempt_action start() { return plan.start(); }
    attempt_action resume(steady_time now, const outcome& result) { return plan.resume(now, result, budget); }
    void limit_life(steady_time ends) { plan.limit_life(ends); }
    [[nodiscard]] const backend_list& tried() const { return plan.tried(); }
};

/// The attempt that an action orders; a test failure when it orders none.
try_backend order_in(const attempt_action& action) {
    if (const auto* order = std::get_if<try_backend>(&action)) return *order;
    ADD_FAILURE() << "no attempt was ordered";
    return {};
}

bool delivers(const attempt_action& action) {
    return std::holds_alternative<deliver>(action);
}

bool ends(const attempt_action& action) {
    return std::holds_alternative<exhausted>(action);
}

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

// --- requests that may be at fault themselves ---

TEST(attempt_plan, what_fails_alike_at_two_backends_is_not_sent_to_a_third) {
    for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i) {
        const outcome result{outcome_kind::failed, static_cast<reason>(i)};
        planned plan(three, rules(replay::safe), arrived);
        plan.start();
        EXPECT_EQ(order_in(plan.resume(arrived + 1s, result)).backend, second) << to_text(result.why);
        EXPECT_EQ(ends(plan.resume(arrived + 2s, result)), may_be_the_requests_fault(result.why))
            << to_text(result.why);
    }
}

TEST(attempt_plan, what_fails_in_two_ways_is_sent_to_a_third) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, broke_off)).backend, third);
}

TEST(attempt_plan, a_backend_that_could_not_be_reached_in_between_makes_no_difference) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unreachable)).backend, third);
    const std::vector<backend_index> four{first, second, third, backend_index{3}};
    planned longer(four, rules(replay::safe), arrived);
    longer.start();
    longer.resume(arrived + 1s, timed_out);
    longer.resume(arrived + 2s, unreachable);
    EXPECT_TRUE(ends(longer.resume(arrived + 3s, timed_out)));
}

TEST(attempt_plan, backends_that_say_they_are_not_available_are_all_asked) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, unavailable);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unavailable)).backend, third);
}

// --- the budget for retries ---

TEST(retry_budget, begins_with_a_reserve_and_is_spent_one_by_one) {
    retry_budget budget;
    for (int i = 0; i < retry_budget::burst; ++i) ASSERT_TRUE(budget.take()) << i;
    EXPECT_FALSE(budget.take());
}

TEST(retry_budget, a_part_of_the_requests_fills_it_again) {
    retry_budget budget;
    while (budget.take()) {
    }
    for (int i = 0; i < 4; ++i) budget.request(20);
    EXPECT_FALSE(budget.take());
    budget.request(20);
    EXPECT_TRUE(budget.take());
    EXPECT_FALSE(budget.take());
}

TEST(retry_budget, saves_up_no_more_than_its_reserve) {
    retry_budget budget;
    for (int i = 0; i < 10'000; ++i) budget.request(100);
    int taken = 0;
    while (budget.take()) ++taken;
    EXPECT_EQ(taken, retry_budget::burst);
}

TEST(attempt_plan, out_of_budget_nothing_is_sent_again_that_may_have_been_processed) {
    planned plan(three, rules(replay::safe), arrived);
    while (plan.budget.take()) {
    }
    plan.start();
    EXPECT_TRUE(ends(plan.resume(arrived + 1s, timed_out)));
}

TEST(attempt_plan, out_of_budget_what_was_not_sent_goes_on_all_the_same) {
    planned plan(three, rules(replay::safe), arrived);
    while (plan.budget.take()) {
    }
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).backend, second);
}

TEST(attempt_plan, only_second_copies_cost) {
    planned plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, unreachable);
    plan.resume(arrived + 2s, answered);
    planned last({&first, 1}, rules(replay::safe), arrived);
    last.start();
    last.resume(arrived + 1s, timed_out);
    planned unsafe(three, rules(replay::forbidden), arrived);
    unsafe.start();
    unsafe.resume(arrived + 1s, timed_out);
    for (retry_budget* budget : {&plan.budget, &last.budget, &unsafe.budget}) {
        int left = 0;
        while (budget->take()) ++left;
        EXPECT_EQ(left, retry_budget::burst);
    }
}

// --- a trial ---

TEST(attempt_plan, a_trial_that_fails_goes_on_to_those_who_are_asked_otherwise) {
    const std::vector<backend_index> trial_first{third, first, second};
    planned plan(trial_first, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).backend, third);
    const auto next = order_in(plan.resume(arrived + 1s, timed_out));
    EXPECT_EQ(next.backend, first);
    EXPECT_EQ(next.before, history::maybe_processed);
    EXPECT_TRUE(delivers(plan.resume(arrived + 2s, answered)));
}

// --- hedging ---

attempt_rules hedging(replay replays = replay::safe) {
    attempt_rules out = rules(replays);
    out.hedge_after = 50ms;
    return out;
}

int left_in(retry_budget budget) {
    int out = 0;
    while (budget.take()) ++out;
    return out;
}

TEST(attempt_plan_hedging, the_first_attempt_is_alone_for_the_time_that_is_usual) {
    planned plan(three, hedging(), arrived);
    const auto order = order_in(plan.start());
    EXPECT_EQ(order.hedge_at, arrived + 50ms);
    EXPECT_EQ(order.give_up_at, arrived + 3s);
}

TEST(attempt_plan_hedging, without_it_one_is_asked_after_the_other) {
    planned plan(three, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).hedge_at, std::nullopt);
}

TEST(attempt_plan_hedging, what_may_not_be_sent_twice_is_not) {
    planned plan(three, hedging(replay::forbidden), arrived);
    EXPECT_EQ(order_in(plan.start()).hedge_at, std::nullopt);
}

TEST(attempt_plan_hedging, a_single_backend_has_nobody_beside_it) {
    planned plan({&first, 1}, hedging(), arrived);
    EXPECT_EQ(order_in(plan.start()).hedge_at, std::nullopt);
}

TEST(attempt_plan_hedging, an_attempt_that_ends_before_is_never_hedged) {
    attempt_rules with = hedging();
    with.hedge_after = with.attempt_timeout;
    planned plan(three, with, arrived);
    EXPECT_EQ(order_in(plan.start()).hedge_at, std::nullopt);
}

TEST(attempt_plan_hedging, only_the_first_attempt_is) {
    planned plan(three, hedging(), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 10ms, timed_out)).hedge_at, std::nullopt);
}

TEST(attempt_plan_hedging, the_next_backend_gets_its_own_time_and_may_be_the_second_to_process_it) {
    planned plan(three, hedging(), arrived);
    plan.start();
    const auto beside = plan.plan.hedge(arrived + 50ms, plan.budget);
    ASSERT_TRUE(beside);
    EXPECT_EQ(beside->backend, second);
    EXPECT_EQ(beside->give_up_at, arrived + 50ms + 3s);
    EXPECT_EQ(beside->before, history::maybe_processed);
    EXPECT_EQ(beside->hedge_at, std::nullopt);
    EXPECT_THAT(plan.tried(), ElementsAre(first, second));
}

TEST(attempt_plan_hedging, costs_one_of_the_budget_when_it_is_sent_and_nothing_before) {
    planned plan(three, hedging(), arrived);
    plan.start();
    EXPECT_EQ(left_in(plan.budget), retry_budget::burst);
    EXPECT_TRUE(plan.plan.hedge(arrived + 50ms, plan.budget));
    EXPECT_EQ(left_in(plan.budget), retry_budget::burst - 1);
}

TEST(attempt_plan_hedging, out_of_budget_the_first_goes_on_alone) {
    planned plan(three, hedging(), arrived);
    while (plan.budget.take()) {
    }
    plan.start();
    EXPECT_FALSE(plan.plan.hedge(arrived + 50ms, plan.budget));
    EXPECT_THAT(plan.tried(), ElementsAre(first));
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).backend, second);
}

TEST(attempt_plan_hedging, is_not_sent_when_its_answer_would_come_after_the_messages_life) {
    planned plan(three, hedging(), arrived);
    plan.start();
    plan.limit_life(arrived + 60ms);
    EXPECT_FALSE(plan.plan.hedge(arrived + 50ms, plan.budget));
    EXPECT_EQ(left_in(plan.budget), retry_budget::burst) << "what is not sent costs nothing";
    plan.limit_life(arrived + 1s);
    const auto beside = plan.plan.hedge(arrived + 50ms, plan.budget);
    ASSERT_TRUE(beside);
    EXPECT_EQ(beside->give_up_at, arrived + 1s);
}

/// Both are out, and end like this.
attempt_action both_end(planned& plan, const outcome& of_first, const outcome& of_second) {
    plan.start();
    EXPECT_TRUE(plan.plan.hedge(arrived + 50ms, plan.budget));
    return plan.plan.resume(arrived + 1s, of_first, of_second, plan.budget);
}

TEST(attempt_plan_hedging, either_answer_is_delivered) {
    planned plan(three, hedging(), arrived);
    EXPECT_TRUE(delivers(both_end(plan, answered, timed_out)));
    planned other(three, hedging(), arrived);
    EXPECT_TRUE(delivers(both_end(other, timed_out, answered)));
}

TEST(attempt_plan_hedging, after_both_failed_the_third_is_asked) {
    planned plan(three, hedging(), arrived);
    const auto order = order_in(both_end(plan, timed_out, broke_off));
    EXPECT_EQ(order.backend, third);
    EXPECT_EQ(order.before, history::maybe_processed);
    EXPECT_EQ(order.hedge_at, std::nullopt);
    EXPECT_EQ(left_in(plan.budget), retry_budget::burst - 2) << "one for each further copy";
}

TEST(attempt_plan_hedging, after_both_failed_alike_it_may_be_the_request) {
    planned plan(three, hedging(), arrived);
    EXPECT_TRUE(ends(both_end(plan, broke_off, broke_off)));
}

TEST(attempt_plan_hedging, what_reached_neither_was_not_sent) {
    planned plan(three, hedging(), arrived);
    EXPECT_EQ(order_in(both_end(plan, unreachable, unreachable)).before, history::failed_unsent);
}

TEST(attempt_plan_hedging, after_both_of_two_nobody_is_left) {
    const std::vector<backend_index> two{first, second};
    planned plan(two, hedging(), arrived);
    EXPECT_TRUE(ends(both_end(plan, timed_out, unreachable)));
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
