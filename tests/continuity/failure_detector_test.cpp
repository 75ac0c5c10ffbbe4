// The failure detector by hand: each transition, and what is told about it.
#include "garde/continuity/failure_detector.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr detector_rules usual{.rise = 2, .fall = 3, .traffic_fall = 5, .ejection_time = 10s};

/// A detector and the time, which goes on by a second with each event.
struct bench {
    failure_detector detector{usual};
    steady_time now = start;

    bench& probe_passes(int times = 1) {
        for (; times > 0; --times) detector.probe_passed(now += 1s);
        return *this;
    }
    bench& probe_fails(int times = 1) {
        for (; times > 0; --times) detector.probe_failed(now += 1s, reason::connect_failed);
        return *this;
    }
    bench& traffic_passes(int times = 1) {
        for (; times > 0; --times) detector.traffic_answered(now += 1s, 1);
        return *this;
    }
    bench& traffic_fails(int times = 1) {
        for (; times > 0; --times) detector.traffic_failed(now += 1s, reason::timed_out);
        return *this;
    }
    [[nodiscard]] verdict verdict_now() const { return detector.current(); }
};

bench up() {
    bench out;
    out.probe_passes();
    EXPECT_EQ(out.verdict_now(), verdict::up);
    return out;
}

bench down_by_probes() {
    bench out = up();
    out.probe_fails(usual.fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

bench down_by_traffic() {
    bench out = up();
    out.traffic_fails(usual.traffic_fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

// --- from unknown ---

TEST(failure_detector, nothing_is_known_at_first) {
    EXPECT_EQ(bench().verdict_now(), verdict::unknown);
}

TEST(failure_detector, one_success_makes_an_unknown_backend_up) {
    EXPECT_EQ(bench().probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(bench().traffic_passes().verdict_now(), verdict::up);
}

TEST(failure_detector, an_unknown_backend_stays_unknown_until_it_failed_often_enough) {
    EXPECT_EQ(bench().probe_fails(usual.fall - 1).verdict_now(), verdict::unknown);
    EXPECT_EQ(bench().probe_fails(usual.fall).verdict_now(), verdict::down);
    EXPECT_EQ(bench().traffic_fails(usual.traffic_fall - 1).verdict_now(), verdict::unknown);
    EXPECT_EQ(bench().traffic_fails(usual.traffic_fall).verdict_now(), verdict::down);
}

TEST(failure_detector, no_answers_at_all_are_no_news) {
    bench b;
    b.detector.traffic_answered(start, 0);
    EXPECT_EQ(b.verdict_now(), verdict::unknown);
}

// --- up, suspect, down ---

TEST(failure_detector, one_failure_makes_an_up_backend_suspect) {
    EXPECT_EQ(up().probe_fails().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().traffic_fails().verdict_now(), verdict::suspect);
}

TEST(failure_detector, only_a_suspect_wants_a_probe_at_once) {
    EXPECT_FALSE(bench().detector.wants_fast_probe());
    EXPECT_FALSE(up().detector.wants_fast_probe());
    EXPECT_TRUE(up().probe_fails().detector.wants_fast_probe());
    EXPECT_FALSE(down_by_probes().detector.wants_fast_probe());
}

TEST(failure_detector, a_suspect_is_down_after_fall_probes_in_a_row) {
    EXPECT_EQ(up().probe_fails(usual.fall - 1).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails(usual.fall).verdict_now(), verdict::down);
}

TEST(failure_detector, a_passing_probe_breaks_the_row_of_probes) {
    EXPECT_EQ(up().probe_fails(2).probe_passes().probe_fails(2).verdict_now(), verdict::suspect);
}

TEST(failure_detector, a_suspect_is_down_after_traffic_fall_attempts_in_a_row) {
    EXPECT_EQ(up().traffic_fails(usual.traffic_fall - 1).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().traffic_fails(usual.traffic_fall).verdict_now(), verdict::down);
}

TEST(failure_detector, an_answer_breaks_the_row_of_failed_attempts) {
    EXPECT_EQ(up().traffic_fails(4).traffic_passes().traffic_fails(4).verdict_now(), verdict::suspect);
}

TEST(failure_detector, passing_probes_do_not_excuse_failing_traffic) {
    bench b = up();
    for (int i = 0; i < usual.traffic_fall; ++i) b.traffic_fails().probe_passes(3);
    EXPECT_NE(b.verdict_now(), verdict::up);
    EXPECT_EQ(b.detector.observed().requests_touched, 5U);
}

TEST(failure_detector, answers_do_not_excuse_failing_probes) {
    EXPECT_EQ(up().probe_fails().traffic_passes().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().traffic_passes().probe_fails().traffic_passes().probe_fails().verdict_now(),
              verdict::down);
}

TEST(failure_detector, an_answer_clears_a_suspicion_that_only_traffic_raised) {
    EXPECT_EQ(up().traffic_fails(2).traffic_passes().verdict_now(), verdict::up);
}

TEST(failure_detector, rise_passing_probes_clear_a_suspicion) {
    EXPECT_EQ(up().probe_fails().probe_passes().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().probe_passes(usual.rise).verdict_now(), verdict::up);
}

TEST(failure_detector, an_answer_after_a_passing_probe_clears_a_suspicion) {
    EXPECT_EQ(up().probe_fails().probe_passes().traffic_passes().verdict_now(), verdict::up);
}

// --- down, recovering, up ---

TEST(failure_detector, answers_do_not_bring_a_backend_back) {
    EXPECT_EQ(down_by_probes().traffic_passes(100).verdict_now(), verdict::down);
}

TEST(failure_detector, a_passing_probe_begins_a_recovery) {
    EXPECT_EQ(down_by_probes().probe_passes().verdict_now(), verdict::recovering);
}

TEST(failure_detector, rise_passing_probes_end_a_recovery) {
    EXPECT_EQ(down_by_probes().probe_passes(usual.rise).verdict_now(), verdict::up);
}

TEST(failure_detector, one_failing_probe_ends_a_recovery_badly) {
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().verdict_now(), verdict::down);
}

TEST(failure_detector, after_a_relapse_the_passes_count_anew) {
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().probe_passes().verdict_now(),
              verdict::recovering);
}

TEST(failure_detector, a_failed_attempt_sets_a_recovery_back) {
    EXPECT_EQ(down_by_probes().probe_passes().traffic_fails().probe_passes().verdict_now(),
              verdict::recovering);
    EXPECT_EQ(down_by_probes().probe_passes().traffic_fails().probe_passes(usual.rise).verdict_now(),
              verdict::up);
}

TEST(failure_detector, what_traffic_took_down_stays_out_for_the_ejection_time) {
    bench b = down_by_traffic();
    const steady_time ejected = b.now;
    while (b.now + 1s < ejected + usual.ejection_time) b.probe_passes();
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(b.now, ejected + usual.ejection_time);
}

TEST(failure_detector, the_ejection_time_alone_brings_nothing_back) {
    bench b = down_by_traffic();
    b.now += 1h;
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::recovering);
}

TEST(failure_detector, with_rise_one_a_single_probe_brings_a_backend_back) {
    bench b;
    b.detector = failure_detector({.rise = 1, .fall = 1, .traffic_fall = 5, .ejection_time = 10s});
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::down);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
}

// --- what is told about it ---

TEST(failure_detector, since_is_when_the_verdict_changed) {
    bench b = up();
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_passes(5);
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_fails();
    EXPECT_EQ(b.detector.since(), b.now);
    b.probe_fails(usual.fall);
    EXPECT_EQ(b.detector.since(), b.now - 1s);
}

TEST(failure_detector, the_first_symptom_is_where_the_trouble_began) {
    bench b = up();
    b.traffic_fails();
    const steady_time began = b.now;
    b.probe_fails(usual.fall);
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, a_new_trouble_has_its_own_first_symptom) {
    bench b = up();
    b.traffic_fails().traffic_passes().traffic_fails();
    EXPECT_EQ(b.detector.observed().first_symptom, b.now);
    EXPECT_EQ(b.detector.observed().requests_touched, 1U);
}

TEST(failure_detector, a_relapse_belongs_to_the_same_trouble) {
    bench b = up();
    b.probe_fails(usual.fall);
    const steady_time began = b.detector.observed().first_symptom;
    b.probe_passes().probe_fails();
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, failed_attempts_are_counted_as_requests_touched) {
    EXPECT_EQ(up().traffic_fails(3).probe_fails(3).detector.observed().requests_touched, 3U);
}

TEST(failure_detector, the_last_reason_is_kept_until_the_backend_is_up_again) {
    bench b = down_by_probes();
    b.traffic_fails();
    EXPECT_EQ(b.detector.observed().last_reason, reason::timed_out);
    b.probe_passes(usual.rise);
    EXPECT_EQ(b.detector.observed().last_reason, reason::none);
    EXPECT_EQ(b.detector.observed().probe_failures, 0);
    EXPECT_EQ(b.detector.observed().traffic_failures, 0);
}

}  // namespace
}  // namespace garde::continuity
