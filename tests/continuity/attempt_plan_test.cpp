// Whom a request is sent to, how long, when that ends, and what takes the place of an answer.
#include "garde/continuity/attempt_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
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
constexpr outcome replayed{outcome_kind::inconclusive, reason::possible_replay};

attempt_rules rules(replay replays) {
    return {.attempt_timeout = 3s, .exchange_timeout = 10s, .replays = replays};
}

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
    attempt_plan plan(three, rules(replay::safe), arrived);
    const auto order = order_in(plan.start());
    EXPECT_EQ(order.backend, first);
    EXPECT_EQ(order.before, history::fresh);
    EXPECT_EQ(order.give_up_at, arrived + 3s);
}

TEST(attempt_plan, nobody_to_ask_is_the_end) {
    attempt_plan plan({}, rules(replay::safe), arrived);
    EXPECT_TRUE(ends(plan.start()));
    EXPECT_THAT(plan.tried(), IsEmpty());
}

TEST(attempt_plan, an_answer_is_delivered) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_TRUE(delivers(plan.resume(arrived + 1s, answered)));
    EXPECT_THAT(plan.tried(), ElementsAre(first));
}

TEST(attempt_plan, an_answer_to_a_later_attempt_is_delivered) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_TRUE(delivers(plan.resume(arrived + 2s, answered)));
}

TEST(attempt_plan, failures_go_through_the_backends_in_order_and_then_end) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).backend, first);
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).backend, second);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, timed_out)).backend, third);
    EXPECT_TRUE(ends(plan.resume(arrived + 3s, timed_out)));
    EXPECT_THAT(plan.tried(), ElementsAre(first, second, third));
}

TEST(attempt_plan, an_order_other_than_the_configured_one_is_kept) {
    const std::vector<backend_index> two{third, first};
    attempt_plan plan(two, rules(replay::safe), arrived);
    EXPECT_EQ(order_in(plan.start()).backend, third);
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).backend, first);
    EXPECT_TRUE(ends(plan.resume(arrived + 2s, timed_out)));
}

TEST(attempt_plan, an_inconclusive_result_goes_on_to_the_next) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, replayed)).backend, third);
}

// --- time ---

TEST(attempt_plan, a_later_attempt_has_its_own_time) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).give_up_at, arrived + 4s);
}

TEST(attempt_plan, no_attempt_outlasts_the_exchange) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 8s, timed_out)).give_up_at, arrived + 10s);
}

TEST(attempt_plan, the_first_attempt_does_not_outlast_the_exchange_either) {
    attempt_plan plan(three, {.attempt_timeout = 3s, .exchange_timeout = 2s, .replays = replay::safe},
                      arrived);
    EXPECT_EQ(order_in(plan.start()).give_up_at, arrived + 2s);
}

TEST(attempt_plan, at_the_deadline_it_stops) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_TRUE(ends(plan.resume(arrived + 10s, timed_out)));
    EXPECT_THAT(plan.tried(), ElementsAre(first));
}

TEST(attempt_plan, an_attempt_without_useful_time_is_not_begun) {
    attempt_plan too_late(three, rules(replay::safe), arrived);
    too_late.start();
    EXPECT_TRUE(ends(too_late.resume(arrived + 10s - 19ms, timed_out)));

    attempt_plan in_time(three, rules(replay::safe), arrived);
    in_time.start();
    EXPECT_EQ(order_in(in_time.resume(arrived + 10s - 20ms, timed_out)).backend, second);
}

// --- the message's life span ---

TEST(attempt_plan, the_first_attempt_is_made_even_if_the_message_seems_dead) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.limit_life(arrived);
    const auto order = order_in(plan.start());
    EXPECT_EQ(order.backend, first);
    EXPECT_EQ(order.give_up_at, arrived + 3s);
}

TEST(attempt_plan, later_attempts_end_within_the_life_span) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 5s);
    EXPECT_EQ(order_in(plan.resume(arrived + 3s, timed_out)).give_up_at, arrived + 5s);
}

TEST(attempt_plan, no_later_attempt_begins_after_the_life_span) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 2s);
    EXPECT_TRUE(ends(plan.resume(arrived + 3s, timed_out)));
}

TEST(attempt_plan, a_long_life_span_does_not_lengthen_the_exchange) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.limit_life(arrived + 60s);
    EXPECT_EQ(order_in(plan.resume(arrived + 9s, timed_out)).give_up_at, arrived + 10s);
}

// --- requests that must not be processed twice ---

TEST(attempt_plan, an_unsafe_request_is_sent_again_when_nothing_was_sent) {
    for (const auto why : {reason::connect_failed, reason::connect_timeout, reason::tls_failed}) {
        attempt_plan plan(three, rules(replay::forbidden), arrived);
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
            attempt_plan plan(three, rules(replay::forbidden), arrived);
            plan.start();
            EXPECT_TRUE(ends(plan.resume(arrived + 1s, {kind, why}))) << to_text(why);
        }
    }
}

TEST(attempt_plan, an_unsafe_request_stops_at_the_first_attempt_that_may_have_been_processed) {
    attempt_plan plan(three, rules(replay::forbidden), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).backend, second);
    EXPECT_TRUE(ends(plan.resume(arrived + 2s, timed_out)));
}

// --- what went before is passed on ---

TEST(attempt_plan, after_a_failure_to_connect_nothing_was_sent) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, unreachable)).before, history::failed_unsent);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unreachable)).before, history::failed_unsent);
}

TEST(attempt_plan, after_a_timeout_the_request_may_have_been_processed) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    EXPECT_EQ(order_in(plan.resume(arrived + 1s, timed_out)).before, history::maybe_processed);
}

TEST(attempt_plan, what_may_have_been_processed_stays_so) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, timed_out);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, unreachable)).before, history::maybe_processed);
}

TEST(attempt_plan, an_unsent_failure_may_be_followed_by_one_that_was_processed) {
    attempt_plan plan(three, rules(replay::safe), arrived);
    plan.start();
    plan.resume(arrived + 1s, unreachable);
    EXPECT_EQ(order_in(plan.resume(arrived + 2s, timed_out)).before, history::maybe_processed);
}

// --- the last resort: every combination ---

last_resort without_own_error(mode current, bool has_procedure) {
    return choose_last_resort({.current = current, .has_procedure = has_procedure, .has_own_error = false});
}

last_resort with_own_error(mode current, bool has_procedure, reason why) {
    return choose_last_resort(
        {.current = current, .has_procedure = has_procedure, .has_own_error = true, .own_reason = why});
}

TEST(last_resort, without_backend_by_mode_the_procedure_answers) {
    for (const mode current : {mode::degraded, mode::emergency}) {
        EXPECT_EQ(without_own_error(current, true), last_resort::procedure);
        for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i)
            EXPECT_EQ(with_own_error(current, true, static_cast<reason>(i)), last_resort::procedure);
    }
}

TEST(last_resort, a_backends_own_words_are_not_hidden_by_the_procedure) {
    for (const mode current : {mode::primary, mode::backup})
        for (const auto why : {reason::fault_undefined, reason::unclassified})
            EXPECT_EQ(with_own_error(current, true, why), last_resort::own_error) << to_text(why);
}

TEST(last_resort, the_procedure_takes_the_place_of_mere_unavailability) {
    for (const mode current : {mode::primary, mode::backup}) {
        EXPECT_EQ(without_own_error(current, true), last_resort::procedure);
        for (const auto why : {reason::http_error, reason::empty, reason::not_xml, reason::fault_unavailable,
                               reason::fault_temporary, reason::possible_replay})
            EXPECT_EQ(with_own_error(current, true, why), last_resort::procedure) << to_text(why);
    }
}

TEST(last_resort, without_a_procedure_the_callers_see_the_backends_error) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded, mode::emergency})
        for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i)
            EXPECT_EQ(with_own_error(current, false, static_cast<reason>(i)), last_resort::own_error);
}

TEST(last_resort, with_neither_it_is_gardes_own_error) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded, mode::emergency})
        EXPECT_EQ(without_own_error(current, false), last_resort::gateway_error);
}

}  // namespace
}  // namespace garde::continuity
