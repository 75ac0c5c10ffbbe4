// What is not sent again because the request may be at fault or the budget is spent; trials.
#include "plan_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace plan_testing;

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

}  // namespace
}  // namespace garde::continuity
