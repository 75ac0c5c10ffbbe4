// The failure detector by hand: probes, connections, rows of failures, and what is told about them. Rates are
// in failure_detector_rates_test.cpp, the way back in failure_detector_return_test.cpp.
#include "detector_bench.hpp"

#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace detector_testing;

// --- from unknown ---

TEST(failure_detector, nothing_is_known_at_first) {
    EXPECT_EQ(bench().verdict_now(), verdict::unknown);
    EXPECT_EQ(bench().detector.pace(), probe_pace::normal);
}

TEST(failure_detector, one_success_makes_an_unknown_backend_up) {
    EXPECT_EQ(bench().probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(bench().answers().verdict_now(), verdict::up);
}

TEST(failure_detector, an_unknown_backend_goes_the_way_of_any_other) {
    EXPECT_EQ(bench().probe_fails().verdict_now(), verdict::suspect);
    EXPECT_EQ(bench().probe_fails(3).verdict_now(), verdict::down);
    EXPECT_EQ(bench().fails(5).verdict_now(), verdict::down);
}

TEST(failure_detector, no_answers_at_all_are_no_news) {
    bench b;
    b.answers(0);
    EXPECT_EQ(b.verdict_now(), verdict::unknown);
}

// --- probes ---

TEST(failure_detector, one_failing_probe_makes_a_backend_suspect) {
    EXPECT_EQ(up().probe_fails().verdict_now(), verdict::suspect);
}

TEST(failure_detector, fall_probes_in_a_row_take_it_down) {
    EXPECT_EQ(up().probe_fails(2).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails(3).verdict_now(), verdict::down);
}

TEST(failure_detector, a_passing_probe_breaks_the_row) {
    EXPECT_EQ(up().probe_fails(2).probe_passes().probe_fails(2).verdict_now(), verdict::suspect);
}

TEST(failure_detector, answers_do_not_excuse_failing_probes) {
    EXPECT_EQ(up().probe_fails().answers().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().answers().probe_fails().answers().probe_fails().verdict_now(),
              verdict::down);
}

TEST(failure_detector, what_may_decide_something_is_probed_faster_and_what_is_down_more_slowly) {
    EXPECT_EQ(up().detector.pace(), probe_pace::normal);
    EXPECT_EQ(up().probe_fails().detector.pace(), probe_pace::fast);
    EXPECT_EQ(down_by_probes().detector.pace(), probe_pace::slow);
    EXPECT_EQ(down_by_probes().probe_passes().detector.pace(), probe_pace::fast);
}

// --- connections: they speak for themselves ---

TEST(failure_detector, the_first_failure_to_connect_makes_a_backend_suspect) {
    for (const auto why : {reason::connect_failed, reason::connect_timeout, reason::tls_failed})
        EXPECT_EQ(up().fails(1, why).verdict_now(), verdict::suspect) << to_text(why);
}

TEST(failure_detector, failures_to_connect_in_a_row_take_it_down_whoever_asked) {
    bench b = up();
    const sighting same{.what = showed::failed, .why = reason::connect_failed, .caller = 1, .request = 1};
    for (int i = 0; i < 4; ++i) b.shows(same);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.shows(same).verdict_now(), verdict::down);
}

TEST(failure_detector, an_answer_breaks_the_row_of_failures_to_connect) {
    EXPECT_EQ(up().cannot_be_reached(4).answers().cannot_be_reached(4).verdict_now(), verdict::suspect);
}

TEST(failure_detector, failures_to_connect_are_not_in_a_row_with_others) {
    EXPECT_EQ(up().cannot_be_reached(4).fails_for(7, 4).verdict_now(), verdict::suspect);
}

// --- failures of traffic: several callers ---

TEST(failure_detector, a_failure_of_one_or_two_callers_changes_no_verdict) {
    EXPECT_EQ(up().fails(1).verdict_now(), verdict::up);
    EXPECT_EQ(up().fails(2).verdict_now(), verdict::up);
}

TEST(failure_detector, failures_of_several_callers_since_the_last_answer_make_it_suspect) {
    EXPECT_EQ(up().fails(3).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().fails(4).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().fails(5).verdict_now(), verdict::down);
}

TEST(failure_detector, one_caller_who_repeats_one_request_moves_nothing) {
    bench b = up();
    for (int i = 0; i < 1000; ++i)
        b.shows({.what = showed::failed, .why = reason::timed_out, .caller = 1, .request = 1});
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

TEST(failure_detector, one_caller_with_many_requests_moves_nothing_either) {
    bench b = up();
    b.step = 10ms;
    EXPECT_EQ(b.fails_for(1, 1000).verdict_now(), verdict::up);
}

TEST(failure_detector, a_caller_counts_once_however_often_he_fails) {
    EXPECT_EQ(up().fails_for(1, 4).fails_for(2, 4).verdict_now(), verdict::up);
    EXPECT_EQ(up().fails_for(1, 4).fails_for(2, 4).fails_for(3).verdict_now(), verdict::down)
        << "nine in a row, and now of three";
}

TEST(failure_detector, how_many_callers_it_takes_is_set) {
    detector_rules rules = usual();
    rules.distinct_callers = 1;
    EXPECT_EQ(up(rules).fails_for(1, 1).verdict_now(), verdict::suspect);
    EXPECT_EQ(up(rules).fails_for(1, 5).verdict_now(), verdict::down);
    rules.distinct_callers = 6;
    EXPECT_EQ(up(rules).fails(5).verdict_now(), verdict::up);
    EXPECT_EQ(up(rules).fails(6).verdict_now(), verdict::down);
}

TEST(failure_detector, an_answer_breaks_the_row_and_the_callers_before_it_count_no_more) {
    EXPECT_EQ(up().fails(2).answers(100).fails(2).verdict_now(), verdict::up);
    EXPECT_EQ(up().fails(4).answers(100).fails(4).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().fails(4).answers(100).fails(5).verdict_now(), verdict::down);
}

TEST(failure_detector, a_caller_who_failed_before_the_answer_is_not_one_of_the_row) {
    bench b = up();
    b.fails_for(1, 1).fails_for(2, 1).answers(1000);
    EXPECT_EQ(b.fails_for(3, 5).verdict_now(), verdict::up);
}

TEST(failure_detector, passing_probes_do_not_excuse_failing_traffic) {
    bench b = up();
    b.step = 100ms;
    for (int i = 0; i < 4; ++i) b.fails().probe_passes(3);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.fails().verdict_now(), verdict::down);
}

// --- a fast probe ---

TEST(failure_detector, a_failure_asks_for_a_probe_and_that_one_decides) {
    bench b = up();
    b.fails();
    EXPECT_EQ(b.verdict_now(), verdict::up);
    EXPECT_TRUE(b.detector.take_probe_wish());
    EXPECT_FALSE(b.detector.take_probe_wish()) << "it is told once";
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::suspect);
}

TEST(failure_detector, slow_answers_and_refusals_ask_for_a_probe_too) {
    EXPECT_TRUE(up().is_slow().detector.take_probe_wish());
    EXPECT_TRUE(up().refuses().detector.take_probe_wish());
}

TEST(failure_detector, a_repeated_request_asks_for_no_probe) {
    bench b = up();
    const sighting same{.what = showed::failed, .why = reason::reset, .caller = 1, .request = 1};
    b.shows(same);
    (void)b.detector.take_probe_wish();
    b.pass(5s).shows(same);
    EXPECT_FALSE(b.detector.take_probe_wish());
}

TEST(failure_detector, probes_are_asked_for_once_a_second_at_most) {
    bench b = up();
    b.step = 1ms;
    b.fails();
    (void)b.detector.take_probe_wish();
    EXPECT_FALSE(b.fails().detector.take_probe_wish());
    b.now += failure_detector::least_suspicion;
    EXPECT_TRUE(b.fails().detector.take_probe_wish());
}

TEST(failure_detector, what_is_down_asks_for_no_probe) {
    bench b = down_by_probes();
    (void)b.detector.take_probe_wish();
    EXPECT_FALSE(b.pass(1min).fails(3).detector.take_probe_wish());
}

// --- calm again ---

TEST(failure_detector, rise_passing_probes_clear_a_suspicion_of_probes) {
    EXPECT_EQ(up().probe_fails().probe_passes().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().probe_passes(2).verdict_now(), verdict::up);
}

TEST(failure_detector, an_answer_clears_it_when_the_probe_passes_too) {
    EXPECT_EQ(up().probe_fails().probe_passes().answers().verdict_now(), verdict::up);
}

TEST(failure_detector, an_answer_clears_a_suspicion_of_the_connection) {
    EXPECT_EQ(up().cannot_be_reached().answers().verdict_now(), verdict::up);
}

TEST(failure_detector, a_suspicion_lasts_a_second_at_least) {
    bench b = up();
    b.cannot_be_reached();
    b.step = 10ms;
    EXPECT_EQ(b.answers().verdict_now(), verdict::suspect);
    b.now += 970ms;
    EXPECT_EQ(b.answers().verdict_now(), verdict::suspect) << "990 ms";
    EXPECT_EQ(b.answers().verdict_now(), verdict::up) << "a second";
}

TEST(failure_detector, a_suspicion_of_several_callers_ends_with_an_answer) {
    EXPECT_EQ(up().fails(3).answers(100).verdict_now(), verdict::up);
}

TEST(failure_detector, passing_probes_do_not_clear_what_several_callers_saw) {
    EXPECT_EQ(up().fails(3).probe_passes(6).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().fails(3).pass(10s).probe_passes(2).verdict_now(), verdict::up)
        << "until the window has forgotten it";
}

TEST(failure_detector, the_former_row_is_forgotten_when_it_is_up_again) {
    EXPECT_EQ(up().cannot_be_reached(4).pass(1s).answers().cannot_be_reached(4).verdict_now(),
              verdict::suspect);
}

// --- this node cut off ---

TEST(failure_detector, with_references_nobody_goes_down_before_one_has_answered) {
    bench b = up();
    b.around.references = true;
    EXPECT_EQ(b.probe_fails(10).verdict_now(), verdict::suspect);
    EXPECT_EQ(b.fails(10).verdict_now(), verdict::suspect);
    EXPECT_EQ(b.cannot_be_reached(10).verdict_now(), verdict::suspect);
    b.around.network_seen = b.now;
    b.detector.reconsider(b.now, b.around);
    EXPECT_EQ(b.verdict_now(), verdict::down);
}

TEST(failure_detector, a_reference_that_answered_before_the_first_symptom_proves_nothing) {
    bench b = up();
    b.around.references = true;
    b.around.network_seen = b.now;
    b.probe_fails(3);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    b.around.network_seen = b.detector.observed().first_symptom;
    b.detector.reconsider(b.now, b.around);
    EXPECT_EQ(b.verdict_now(), verdict::down);
}

TEST(failure_detector, the_first_symptom_of_slow_answers_and_refusals_is_one_too) {
    for (const bool slow : {true, false}) {
        bench b = up();
        b.around.references = true;
        b.around.network_seen = b.now;
        for (int i = 0; i < 10; ++i) slow ? b.is_slow() : b.refuses();
        EXPECT_EQ(b.verdict_now(), verdict::suspect);
        EXPECT_EQ(b.fails(6).verdict_now(), verdict::suspect) << "the reference answered long before";
    }
}

TEST(failure_detector, what_was_seen_while_cut_off_is_forgotten) {
    bench b = up();
    b.around.references = true;
    b.probe_fails(5).fails(5).cannot_be_reached(5);
    b.detector.disregard();
    b.around.network_seen = b.now;
    b.detector.reconsider(b.now, b.around);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.detector.observed().probe_failures, 0);
    EXPECT_EQ(b.probe_passes(2).verdict_now(), verdict::up);
}

// --- what is told about it ---

TEST(failure_detector, since_is_when_the_verdict_changed) {
    bench b = up();
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_passes(5);
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_fails();
    EXPECT_EQ(b.detector.since(), b.now);
    b.probe_fails(2);
    EXPECT_EQ(b.detector.since(), b.now);
    b.probe_fails(3);
    EXPECT_EQ(b.detector.since(), b.now - 3s);
}

TEST(failure_detector, the_first_symptom_is_where_the_trouble_began) {
    bench b = up();
    b.fails();
    const steady_time began = b.now;
    b.probe_fails(3);
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, a_new_trouble_has_its_own_first_symptom) {
    bench b = up();
    b.fails().answers().fails();
    EXPECT_EQ(b.detector.observed().first_symptom, b.now);
    EXPECT_EQ(b.detector.observed().requests_touched, 1U);
}

TEST(failure_detector, a_relapse_belongs_to_the_same_trouble) {
    bench b = down_by_probes();
    const steady_time began = b.detector.observed().first_symptom;
    b.probe_passes().probe_fails();
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, every_failed_attempt_is_a_request_touched_whether_it_counts_or_not) {
    bench b = up();
    b.fails(3).probe_fails(3);
    EXPECT_EQ(b.detector.observed().requests_touched, 3U);
    bench repeated = up();
    for (int i = 0; i < 4; ++i)
        repeated.shows({.what = showed::failed, .why = reason::reset, .caller = 1, .request = 1});
    EXPECT_EQ(repeated.detector.observed().requests_touched, 4U);
    EXPECT_EQ(repeated.detector.observed().traffic_failures, 1);
}

TEST(failure_detector, the_evidence_says_how_many_callers_failed) {
    EXPECT_EQ(up().fails_for(1, 3).fails_for(2, 1).detector.observed().callers, 2U);
}

TEST(failure_detector, the_last_reason_is_kept_until_the_backend_is_up_again) {
    bench b = down_by_probes();
    b.fails(1, reason::truncated);
    EXPECT_EQ(b.detector.observed().last_reason, reason::truncated);
    b.probe_passes(2);
    EXPECT_EQ(b.detector.observed().last_reason, reason::none);
    EXPECT_EQ(b.detector.observed().probe_failures, 0);
    EXPECT_EQ(b.detector.observed().traffic_failures, 0);
}

TEST(failure_detector, other_rules_judge_the_next_event) {
    bench b = up();
    b.probe_fails(2);
    detector_rules stricter = usual();
    stricter.fall = 2;
    b.detector.adopt(stricter);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::down);
}

// --- as another process left it ---

TEST(failure_detector_resumed, goes_on_with_the_verdict_that_was_left) {
    const failure_detector left(usual(), verdict::down, start - 1min, reason::reset);
    EXPECT_EQ(left.current(), verdict::down);
    EXPECT_EQ(left.since(), start - 1min);
    EXPECT_EQ(left.observed().first_symptom, start - 1min);
    EXPECT_EQ(left.observed().last_reason, reason::reset);
}

TEST(failure_detector_resumed, counts_anew) {
    bench b;
    b.detector = failure_detector(usual(), verdict::suspect, start, reason::timed_out);
    EXPECT_EQ(b.probe_fails(2).verdict_now(), verdict::suspect);
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::down);
}

TEST(failure_detector_resumed, who_was_up_has_no_symptoms) {
    const failure_detector left(usual(), verdict::up, start - 1min, reason::none);
    EXPECT_EQ(left.current(), verdict::up);
    EXPECT_EQ(left.observed().first_symptom, steady_time{});
}

}  // namespace
}  // namespace garde::continuity
