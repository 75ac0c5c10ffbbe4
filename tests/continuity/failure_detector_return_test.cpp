// The failure detector by hand: what stays out and how it comes back, by probes and by trials, and the last
// backend that there is.
#include "detector_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace detector_testing;
using testing::Optional;

// --- down by probes ---

TEST(failure_detector_return, a_passing_probe_begins_a_recovery_and_rise_of_them_end_it) {
    EXPECT_EQ(down_by_probes().probe_passes().verdict_now(), verdict::recovering);
    EXPECT_EQ(down_by_probes().probe_passes(2).verdict_now(), verdict::up);
}

TEST(failure_detector_return, a_failing_probe_ends_a_recovery_and_the_passes_count_anew) {
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().verdict_now(), verdict::down);
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().probe_passes().verdict_now(),
              verdict::recovering);
}

TEST(failure_detector_return, a_failure_to_connect_sets_a_recovery_back) {
    EXPECT_EQ(down_by_probes().probe_passes().cannot_be_reached().probe_passes().verdict_now(),
              verdict::recovering);
}

TEST(failure_detector_return, late_answers_alone_bring_nobody_back) {
    EXPECT_EQ(down_by_probes().answers(100).verdict_now(), verdict::down);
}

TEST(failure_detector_return, with_rise_one_a_single_probe_brings_a_backend_back) {
    detector_rules rules = usual();
    rules.rise = 1;
    EXPECT_EQ(down_by_probes(rules).probe_passes().verdict_now(), verdict::up);
}

TEST(failure_detector_return, probes_that_took_it_down_need_no_trial) {
    bench b = down_by_probes();
    EXPECT_FALSE(b.detector.needs_trial());
    EXPECT_EQ(b.detector.ejected_until(b.now), std::nullopt);
    EXPECT_EQ(b.probe_passes().detector.trial_due(false), std::nullopt);
}

// --- down by traffic: passing probes are not enough ---

TEST(failure_detector_return, what_traffic_took_down_stays_out_while_its_probes_pass) {
    bench b = down_by_traffic();
    EXPECT_TRUE(b.detector.needs_trial());
    EXPECT_EQ(b.probe_passes(100).verdict_now(), verdict::recovering);
    for (int i = 0; i < 20; ++i) {
        b.detector.trial_offered(b.now);
        b.trial_fails().probe_passes(30);
    }
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
}

TEST(failure_detector_return, what_could_not_be_reached_is_down_by_traffic_too) {
    EXPECT_TRUE(up().cannot_be_reached(5).detector.needs_trial());
}

TEST(failure_detector_return, rise_answered_trials_bring_it_back) {
    bench b = down_by_traffic();
    EXPECT_EQ(b.probe_passes().trial_passes().verdict_now(), verdict::recovering);
    EXPECT_EQ(b.detector.trials_passed(), 1);
    EXPECT_EQ(b.trial_passes().verdict_now(), verdict::up);
    EXPECT_FALSE(b.detector.needs_trial());
}

TEST(failure_detector_return, a_failed_trial_in_between_begins_anew) {
    bench b = down_by_traffic();
    b.probe_passes().trial_passes().trial_fails().trial_passes();
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
    EXPECT_EQ(b.trial_passes().verdict_now(), verdict::up);
}

TEST(failure_detector_return, a_slow_trial_is_neither_passed_nor_failed) {
    bench b = down_by_traffic();
    b.probe_passes().trial_passes();
    b.shows(
        {.what = showed::slow, .why = reason::too_slow, .caller = 50, .request = 50, .as = errand::trial});
    EXPECT_EQ(b.detector.trials_passed(), 1);
}

TEST(failure_detector_return, a_trial_that_refuses_who_was_answered_lately_has_failed) {
    bench b = down_by_traffic();
    b.probe_passes().trial_passes();
    b.shows(
        {.what = showed::refused, .why = reason::refused, .caller = 50, .request = 50, .as = errand::trial});
    EXPECT_EQ(b.detector.trials_passed(), 0);
    EXPECT_EQ(b.trial_passes().verdict_now(), verdict::recovering);
}

TEST(failure_detector_return, who_fails_trials_while_its_probes_pass_needs_them_whatever_took_it_down) {
    bench b = down_by_probes();
    b.probe_passes().trial_fails().probe_passes(5);
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
    EXPECT_EQ(b.trial_passes(2).verdict_now(), verdict::up);
}

TEST(failure_detector_return, a_trial_that_fails_with_the_probes_says_nothing_new) {
    bench b = down_by_probes();
    b.trial_fails().probe_passes(2);
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

// --- when nobody comes by to try ---

TEST(failure_detector_return, probes_are_enough_when_nobody_came_for_the_length_of_an_ejection) {
    bench b = down_by_traffic();
    b.pass(10s).probe_passes(2);
    b.detector.trial_offered(b.now);
    const steady_time offered = b.now;
    EXPECT_EQ(b.probe_passes(9).verdict_now(), verdict::recovering);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(b.now, offered + 10s);
}

TEST(failure_detector_return, not_before_a_trial_was_offered) {
    EXPECT_EQ(down_by_traffic().pass(1h).probe_passes(5).verdict_now(), verdict::recovering);
}

TEST(failure_detector_return, a_trial_that_was_made_ends_the_waiting) {
    bench b = down_by_traffic();
    b.pass(10s).probe_passes(2);
    b.detector.trial_offered(b.now);
    b.trial_fails().pass(1min);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::recovering);
    b.detector.trial_offered(b.now);
    EXPECT_EQ(b.pass(10s).probe_passes().verdict_now(), verdict::up);
}

// One caller who repeats one poisonous request may get every trial; he must not keep the backend out.
TEST(failure_detector_return, a_request_that_fails_trial_after_trial_counts_once) {
    bench b = down_by_traffic();
    b.pass(10s).probe_passes(2);
    const sighting poison{
        .what = showed::failed, .why = reason::reset, .caller = 7, .request = 7, .as = errand::trial};
    b.detector.trial_offered(b.now);
    b.shows(poison);
    b.detector.trial_offered(b.now);
    for (int i = 0; i < 9; ++i) {
        b.shows(poison).probe_passes(0);
        b.detector.trial_offered(b.now);
    }
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up) << "as if nobody had come";
}

TEST(failure_detector_return, different_requests_that_fail_keep_it_out) {
    bench b = down_by_traffic();
    b.pass(10s).probe_passes(2);
    for (int i = 0; i < 60; ++i) {
        b.detector.trial_offered(b.now);
        b.trial_fails().probe_passes();
    }
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
}

TEST(failure_detector_return, without_routes_that_may_be_tried_probes_are_enough_after_the_ejection) {
    detector_rules rules = usual();
    rules.trials_possible = false;
    bench b = down_by_traffic(rules);
    EXPECT_FALSE(b.detector.needs_trial());
    const steady_time out_until = b.now + 10s;
    EXPECT_THAT(b.detector.ejected_until(b.now), Optional(out_until));
    EXPECT_EQ(b.probe_passes(9).verdict_now(), verdict::recovering);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(b.now, out_until);
    EXPECT_EQ(b.detector.trial_due(false), std::nullopt);
    EXPECT_EQ(b.detector.trial_due(true), std::nullopt);
}

// --- when trials are due ---

TEST(failure_detector_trials, are_due_after_the_ejection_and_only_while_probes_pass) {
    bench b = down_by_traffic();
    const steady_time out_until = b.now + 10s;
    EXPECT_EQ(b.detector.trial_due(false), std::nullopt) << "no probe has passed";
    EXPECT_THAT(b.probe_passes().detector.trial_due(false), Optional(out_until));
    EXPECT_EQ(b.probe_fails().detector.trial_due(false), std::nullopt);
}

TEST(failure_detector_trials, where_nobody_else_can_be_asked_failing_probes_and_ejection_do_not_matter) {
    bench b = down_by_traffic();
    EXPECT_THAT(b.detector.trial_due(true), Optional(b.now + 1s));
    EXPECT_THAT(down_by_probes().detector.trial_due(true), Optional(start + 5s));
    EXPECT_EQ(up().detector.trial_due(true), std::nullopt);
    EXPECT_EQ(bench().detector.trial_due(true), std::nullopt);
}

TEST(failure_detector_trials, the_time_between_two_doubles_with_each_that_fails) {
    bench b = down_by_traffic();
    for (const auto wait : {2s, 4s, 8s, 16s, 32s, 32s}) {
        b.trial_fails();
        EXPECT_THAT(b.detector.trial_due(true), Optional(b.now + wait));
    }
    b.trial_passes();
    EXPECT_THAT(b.detector.trial_due(true), Optional(b.now + 1s));
}

TEST(failure_detector_trials, one_that_nobody_takes_is_offered_again) {
    bench b = down_by_traffic();
    b.pass(1min);
    b.detector.trial_offered(b.now);
    EXPECT_THAT(b.detector.trial_due(true), Optional(b.now + 1s));
}

// However long the outage was: as soon as there is hope, it is tried.
TEST(failure_detector_trials, the_first_passing_probe_makes_one_due) {
    bench b = down_by_probes();
    b.trial_fails(10);
    EXPECT_THAT(b.detector.trial_due(true), Optional(b.now + 32s));
    b.probe_passes();
    EXPECT_THAT(b.detector.trial_due(true), Optional(b.now));
    b.trial_fails();
    const steady_time failed = b.now;
    b.probe_passes();
    EXPECT_THAT(b.detector.trial_due(true), Optional(failed + 2s)) << "the next ones have to wait";
}

TEST(failure_detector_trials, a_suspect_whose_probes_pass_is_given_some) {
    bench b = up();
    b.fails(3);
    ASSERT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_TRUE(b.detector.trial_due(false));
    EXPECT_EQ(b.probe_fails().detector.trial_due(false), std::nullopt);
}

TEST(failure_detector_trials, a_suspect_that_fails_them_goes_down) {
    bench b = up();
    EXPECT_EQ(b.fails(3).trial_fails(2).verdict_now(), verdict::down);
}

TEST(failure_detector_trials, a_suspect_that_answers_them_is_up) {
    bench b = up();
    EXPECT_EQ(b.fails(3).pass(10s).trial_passes().verdict_now(), verdict::up);
}

TEST(failure_detector_trials, who_answers_them_is_back_whatever_its_probes_say_but_under_suspicion) {
    bench b = down_by_probes();
    b.around.sole = true;
    EXPECT_EQ(b.trial_passes(2).verdict_now(), verdict::suspect);
    EXPECT_EQ(b.probe_fails(5).verdict_now(), verdict::suspect) << "it answers";
    EXPECT_TRUE(b.detector.answers(b.now));
    EXPECT_EQ(b.pass(10s).probe_fails().verdict_now(), verdict::down) << "it has answered nobody for long";
}

TEST(failure_detector_trials, they_prove_that_it_works) {
    bench b = down_by_traffic();
    EXPECT_EQ(b.detector.answered_at(), std::nullopt);
    b.trial_passes();
    EXPECT_THAT(b.detector.answered_at(), Optional(b.now));
}

// --- ejection: growing, forgiven ---

TEST(failure_detector_ejection, doubles_with_each_relapse_up_to_its_longest) {
    bench b = up();
    for (const auto out : {10s, 20s, 40s, 60s, 60s}) {
        b.fails(5);
        EXPECT_EQ(b.verdict_now(), verdict::down);
        EXPECT_THAT(b.detector.ejected_until(b.now), Optional(b.now + out));
        b.probe_passes().trial_passes(2);
        EXPECT_EQ(b.verdict_now(), verdict::up);
    }
}

TEST(failure_detector_ejection, is_forgiven_who_was_in_service_for_its_longest) {
    bench b = down_by_traffic();
    b.trial_passes(2).pass(60s).fails(5);
    EXPECT_THAT(b.detector.ejected_until(b.now), Optional(b.now + 10s));
}

TEST(failure_detector_ejection, is_not_forgiven_before) {
    bench b = down_by_traffic();
    b.trial_passes(2).pass(50s).fails(5);
    EXPECT_THAT(b.detector.ejected_until(b.now), Optional(b.now + 20s));
}

TEST(failure_detector_ejection, time_spent_out_is_no_time_in_service) {
    bench b = down_by_traffic();
    b.pass(10min).trial_passes(2).fails(5);
    EXPECT_THAT(b.detector.ejected_until(b.now), Optional(b.now + 20s));
}

TEST(failure_detector_ejection, failing_probes_eject_nobody) {
    bench b = up();
    for (int i = 0; i < 3; ++i) {
        b.probe_fails(3);
        EXPECT_EQ(b.detector.ejected_until(b.now), std::nullopt);
        EXPECT_EQ(b.probe_passes(2).verdict_now(), verdict::up);
    }
}

TEST(failure_detector_ejection, is_over_when_its_time_is_or_the_backend_is_back) {
    bench b = down_by_traffic();
    EXPECT_TRUE(b.detector.ejected_until(b.now + 10s - 1ms));
    EXPECT_EQ(b.detector.ejected_until(b.now + 10s), std::nullopt);
    b.trial_passes(2);
    EXPECT_EQ(b.detector.ejected_until(b.now), std::nullopt);
}

// --- the last backend ---

bench sole() {
    bench b = up();
    b.around.sole = true;
    return b;
}

TEST(failure_detector_sole, it_is_not_taken_down_by_one_probe_whatever_the_rules_say) {
    detector_rules rules = usual();
    rules.fall = 1;
    EXPECT_EQ(up(rules).probe_fails().verdict_now(), verdict::down);
    bench b = up(rules);
    b.around.sole = true;
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::suspect);
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::down);
}

TEST(failure_detector_sole, as_long_as_it_answers_no_probe_takes_it_down) {
    bench b = sole();
    for (int i = 0; i < 20; ++i) b.answers().probe_fails(5);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
}

TEST(failure_detector_sole, without_answers_probes_take_it_down) {
    EXPECT_EQ(sole().probe_fails(3).verdict_now(), verdict::down);
    EXPECT_EQ(sole().answers().pass(10s).probe_fails(3).verdict_now(), verdict::down);
}

TEST(failure_detector_sole, an_answer_before_a_request_that_failed_does_not_save_it_from_its_probes) {
    EXPECT_EQ(sole().answers().cannot_be_reached(1).probe_fails(3).verdict_now(), verdict::down);
    EXPECT_NE(sole().cannot_be_reached(1).answers().probe_fails(3).verdict_now(), verdict::down);
}

TEST(failure_detector_sole, failing_traffic_takes_it_down_all_the_same) {
    EXPECT_EQ(sole().fails(5).verdict_now(), verdict::down);
    EXPECT_EQ(sole().cannot_be_reached(5).verdict_now(), verdict::down);
}

TEST(failure_detector_sole, it_falls_when_another_may_be_asked_again) {
    bench b = sole();
    b.answers().probe_fails(4);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    b.around.sole = false;
    b.detector.reconsider(b.now, b.around);
    EXPECT_EQ(b.verdict_now(), verdict::down);
}

// --- the bound on its way back ---

TEST(failure_detector_return, who_is_in_service_may_have_to_be_ejected_first) {
    const milliseconds every = 1s;
    const milliseconds calm = usual().failure_window + failure_detector::least_suspicion + 3 * every;
    const milliseconds tried = usual().ejection_time + usual().trial_interval + every;
    const bench b = up();
    EXPECT_EQ(b.detector.recovery_bound(b.now, every), calm + usual().ejection_time + tried);
}

TEST(failure_detector_return, who_is_ejected_has_the_rest_of_that_before_it) {
    const milliseconds every = 1s;
    bench b = down_by_traffic();
    const milliseconds at_first = b.detector.recovery_bound(b.now, every);
    b.pass(3s);
    EXPECT_EQ(b.detector.recovery_bound(b.now, every), at_first - 3s);
    EXPECT_EQ(b.pass(1h).detector.recovery_bound(b.now, every),
              b.pass(1h).detector.recovery_bound(b.now, every));
}

}  // namespace
}  // namespace garde::continuity
