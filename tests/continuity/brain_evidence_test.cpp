// The brain of one service by hand: what moves nothing, what counts as slow, whose trouble it is, and what
// operators are told of it.
#include "garde/continuity/latency_profile.hpp"

#include "brain_bench.hpp"

namespace garde::continuity {
namespace {

using namespace brain_testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr insurer insurer_a{120};

TEST(brain_evidence, one_caller_who_repeats_one_poisonous_request_moves_nothing) {
    bench b = all_up();
    const auto before = b.brain.posture();
    for (int i = 0; i < 500; ++i) {
        b.now += 100ms;
        const sighting same{.what = showed::failed, .why = reason::reset, .caller = 1, .request = 1};
        for (const auto which : {b0, b1})
            for (const auto& told : b.brain.traffic_showed(b.now, which, same))
                EXPECT_TRUE(std::holds_alternative<probe_now>(told));
        b.brain.traffic_answered(b.now, b0, {.count = 1, .latencies = {}});
    }
    EXPECT_EQ(b.brain.posture(), before);
}

TEST(brain_evidence, a_failed_connection_routes_around_at_once) {
    bench b = all_up();
    b.now += 1s;
    const auto told = b.brain.traffic_showed(
        b.now, b0, {.what = showed::failed, .why = reason::connect_failed, .caller = 1, .request = 1});
    EXPECT_THAT(only<probe_now>(told), SizeIs(1));
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1, b0));
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_evidence, a_failure_asks_for_a_probe_and_the_probe_decides) {
    bench b = all_up();
    EXPECT_THAT(only<probe_now>(b.attempts_fail(b0)), SizeIs(1));
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1));
    b.fails(b0);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1, b0));
}

TEST(brain_evidence, a_backend_that_refuses_who_was_answered_lately_is_asked_last) {
    bench b = all_up();
    for (std::uint64_t caller = 1; caller <= 3; ++caller) {
        b.now += 1s;
        b.brain.traffic_showed(
            b.now, b0,
            {.what = showed::refused, .why = reason::refused, .caller = caller, .request = caller});
    }
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1, b0));
    EXPECT_EQ(b.current(), mode::primary);
}

// --- slow ---

answers answers_of(milliseconds took, std::uint16_t times) {
    answers out{.count = times, .latencies = {}};
    out.latencies[latency_step(took)] = times;
    return out;
}

/// What a backend's usual latency makes slow, by the rules.
milliseconds five_times(milliseconds usual) {
    return 5 * step_end(latency_step(usual));
}

TEST(brain_slow, nothing_is_slow_before_the_usual_is_known) {
    bench b = all_up();
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(0ms, 0ms));
    b.brain.traffic_answered(b.now, b0, answers_of(100ms, 99));
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(0ms, 0ms));
}

TEST(brain_slow, five_times_the_usual_is_and_is_told_to_the_workers) {
    bench b = all_up();
    const auto told = only<publish_posture>(b.brain.traffic_answered(b.now, b0, answers_of(100ms, 100)));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_THAT(told[0].value.slow_above, ElementsAre(five_times(100ms), 0ms));
}

TEST(brain_slow, answers_within_a_fifth_of_a_second_never_are) {
    bench b = all_up();
    b.brain.traffic_answered(b.now, b0, answers_of(5ms, 1000));
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(200ms, 0ms));
}

TEST(brain_slow, small_changes_of_the_usual_are_not_told) {
    bench b = all_up();
    b.brain.traffic_answered(b.now, b0, answers_of(100ms, 1000));
    EXPECT_THAT(b.brain.traffic_answered(b.now, b0, answers_of(125ms, 3000)), IsEmpty()) << "one step up";
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(five_times(100ms), 0ms));
    for (int i = 0; i < 10; ++i) b.brain.traffic_answered(b.now, b0, answers_of(400ms, 4000));
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(five_times(400ms), 0ms));
    for (int i = 0; i < 10; ++i) b.brain.traffic_answered(b.now, b0, answers_of(100ms, 4000));
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(five_times(100ms), 0ms));
}

TEST(brain_slow, without_a_factor_nothing_is) {
    brain_rules rules = usual_rules();
    rules.slow_factor = 0;
    bench b = all_up(rules);
    b.brain.traffic_answered(b.now, b0, answers_of(100ms, 1000));
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(0ms, 0ms));
}

TEST(brain_slow, a_backend_that_has_become_slow_hands_over) {
    bench b = all_up();
    b.brain.traffic_answered(b.now, b0, answers_of(100ms, 1000));
    b.now += 1min;
    for (std::uint64_t i = 1; i <= 20; ++i) {
        b.now += 10ms;
        b.brain.traffic_answered(b.now, b0, answers_of(5s, 1));
        b.brain.traffic_showed(b.now, b0,
                               {.what = showed::slow, .why = reason::too_slow, .caller = i, .request = i});
    }
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.detector(b0).observed().last_reason, reason::too_slow);
}

// --- one insurer ---

TEST(brain_insurer, its_outage_is_told_and_switches_nothing) {
    bench b = all_up();
    b.answers(b0, 100);
    const auto told = b.attempts_fail(b0, 8, insurer_a);
    const auto records = only<record_insurer>(told);
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0].backend, b0);
    EXPECT_EQ(records[0].asked, insurer_a);
    EXPECT_TRUE(records[0].failing);
    EXPECT_THAT(only<record_switchover>(told), IsEmpty());
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1));
    EXPECT_THAT(b.brain.explain(b.now).backends[0].insurer_failing, Optional(insurer_a));
}

TEST(brain_insurer, its_end_is_told_too) {
    bench b = all_up();
    b.answers(b0, 100);
    b.attempts_fail(b0, 3, insurer_a);
    b.now += 10s;
    const auto records = only<record_insurer>(b.answers(b0, 100));
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0].asked, insurer_a);
    EXPECT_FALSE(records[0].failing);
}

// --- this node cut off ---

brain_rules with_references() {
    brain_rules out = usual_rules();
    out.references = true;
    return out;
}

TEST(brain_cut_off, while_nobody_at_all_answers_no_backend_goes_down) {
    bench b = all_up(with_references());
    b.now += 1s;
    b.brain.network_seen(b.now, false);
    b.fails(b0, 10);
    const auto told = b.fails(b1, 10);
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_THAT(only<record_switchover>(told), IsEmpty());
    EXPECT_THAT(only<record_verdict>(told), IsEmpty());
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1)) << "both suspect, both asked";
    EXPECT_TRUE(b.brain.explain(b.now).cut_off);
}

TEST(brain_cut_off, what_was_seen_then_is_forgotten) {
    bench b = all_up(with_references());
    b.now += 1s;
    b.brain.network_seen(b.now, false);
    b.fails(b0, 10);
    b.fails(b1, 10);
    b.now += 1s;
    EXPECT_THAT(only<record_verdict>(b.brain.network_seen(b.now, true)), IsEmpty());
    EXPECT_FALSE(b.brain.explain(b.now).cut_off);
    b.fails(b0, 2);
    EXPECT_EQ(b.verdict_of(b0), verdict::suspect) << "two since then";
    b.fails(b0);
    b.now += 1s;
    b.brain.network_seen(b.now, true);
    EXPECT_EQ(b.current(), mode::backup);
}

TEST(brain_cut_off, a_reference_that_answers_after_the_first_symptom_lets_the_verdict_fall) {
    bench b = all_up(with_references());
    b.fails(b0, 5);
    EXPECT_EQ(b.current(), mode::primary);
    b.now += 1s;
    const auto told = b.brain.network_seen(b.now, true);
    EXPECT_THAT(only<record_verdict>(told), SizeIs(1));
    EXPECT_THAT(only<record_switchover>(told), SizeIs(1));
    EXPECT_EQ(b.current(), mode::backup);
}

TEST(brain_cut_off, another_backend_that_answers_is_as_good_as_a_reference) {
    bench b = all_up(with_references());
    b.fails(b0, 5);
    b.answers(b1);
    b.fails(b0);
    EXPECT_EQ(b.current(), mode::backup);
}

TEST(brain_cut_off, another_backend_that_refuses_answers_all_the_same) {
    bench b = all_up(with_references());
    b.fails(b0, 5);
    b.now += 1s;
    b.brain.traffic_showed(b.now, b1,
                           {.what = showed::refused, .why = reason::refused, .caller = 1, .request = 1});
    b.fails(b0);
    EXPECT_EQ(b.current(), mode::backup);
}

TEST(brain_cut_off, attempts_that_fail_are_no_sign_of_the_network) {
    bench b = all_up(with_references());
    b.fails(b0, 5);
    b.attempts_fail(b1);
    b.fails(b0);
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_EQ(b.verdict_of(b0), verdict::suspect);
}

// --- the freeze ---

TEST(brain_freeze, is_told_once_and_so_is_its_end) {
    brain_rules rules = usual_rules();
    rules.modes.switchovers_per_hour = 1;
    bench b = in_backup(rules);
    const auto told = b.fails(b1, 3);
    ASSERT_THAT(only<record_freeze>(told), SizeIs(1));
    EXPECT_TRUE(only<record_freeze>(told)[0].frozen);
    EXPECT_THAT(only<record_switchover>(told), IsEmpty());
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_THAT(b.brain.posture().attempts, IsEmpty());
    EXPECT_TRUE(b.brain.explain(b.now).frozen_until);
    EXPECT_THAT(only<record_freeze>(b.fails(b1, 5)), IsEmpty());

    const auto thawed = b.passes(b1, 2);
    ASSERT_THAT(only<record_freeze>(thawed), SizeIs(1));
    EXPECT_FALSE(only<record_freeze>(thawed)[0].frozen);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1));
}

// --- the emergency procedure ---

TEST(brain_procedure, opens_with_degraded_and_closes_with_it) {
    bench b = in_backup();
    const auto opened = only<record_procedure>(b.fails(b1, 3));
    ASSERT_THAT(opened, SizeIs(1));
    EXPECT_TRUE(opened[0].open);
    EXPECT_EQ(opened[0].by, "garde");
    EXPECT_TRUE(b.brain.procedure_active());
    b.passes(b0, 2);
    const auto closed = only<record_procedure>(b.run_until(b.now + 5s));
    ASSERT_THAT(closed, SizeIs(1));
    EXPECT_FALSE(closed[0].open);
    EXPECT_FALSE(b.brain.procedure_active());
}

TEST(brain_procedure, stays_open_after_the_return_until_people_close_it) {
    brain_rules rules = usual_rules();
    rules.procedure.closes_after.reset();
    bench b = in_degraded(rules);
    b.passes(b0, 2);
    EXPECT_THAT(only<record_procedure>(b.run_until(b.now + 12h)), IsEmpty());
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_TRUE(b.brain.procedure_active());
    const auto closed = only<record_procedure>(b.brain.close_procedure(b.now, "anna", "all is well"));
    ASSERT_THAT(closed, SizeIs(1));
    EXPECT_EQ(closed[0].by, "anna");
    EXPECT_EQ(closed[0].reason, "all is well");
    EXPECT_FALSE(b.brain.procedure_active());
}

}  // namespace
}  // namespace garde::continuity
