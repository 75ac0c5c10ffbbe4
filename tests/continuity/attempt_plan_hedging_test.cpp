// When a second backend is asked beside the first, and what becomes of both.
#include "plan_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace plan_testing;
using testing::ElementsAre;

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

}  // namespace
}  // namespace garde::continuity
