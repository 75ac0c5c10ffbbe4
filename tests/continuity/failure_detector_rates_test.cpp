// The failure detector by hand: brown-outs. Rates with a minimum volume, slow answers, refusals by those who
// were answered lately, and the trouble of one insurer.
#include "detector_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace garde::continuity {
namespace {

using namespace detector_testing;
using testing::Optional;

constexpr insurer insurer_a{120};
constexpr insurer insurer_b{306};

/// Rounds of some answers and a failure, so that no failures are in a row.
bench& browns_out(bench& b, int rounds, std::uint64_t answers_each, insurer asked = insurer::unknown) {
    b.step = 10ms;
    for (; rounds > 0; --rounds) b.answers(answers_each).fails(1, reason::timed_out, asked);
    return b;
}

// --- failed ---

TEST(failure_detector_rate, too_many_failures_among_answers_take_a_backend_down) {
    bench b = up();
    EXPECT_EQ(browns_out(b, 5, 3).verdict_now(), verdict::down) << "a quarter of twenty";
}

TEST(failure_detector_rate, one_less_than_the_rate_does_not) {
    bench b = up();
    EXPECT_EQ(browns_out(b, 50, 4).verdict_now(), verdict::up) << "a fifth of 250";
}

TEST(failure_detector_rate, fewer_attempts_than_the_volume_prove_nothing) {
    bench b = up();
    EXPECT_EQ(browns_out(b, 9, 1).verdict_now(), verdict::suspect) << "half of eighteen";
    EXPECT_EQ(b.answers().verdict_now(), verdict::suspect) << "nineteen";
    EXPECT_EQ(b.answers().verdict_now(), verdict::down) << "twenty";
}

// The window remembers the latest who failed; the rate must be true all the same.
TEST(failure_detector_rate, a_brown_out_counts_however_much_traffic_there_is) {
    bench b = up();
    b.step = 1ms;
    b.detector.traffic_answered(b.now, 2000, b.around);
    for (int i = 0; i < 2000 && b.verdict_now() != verdict::down; ++i) b.answers().fails();
    EXPECT_EQ(b.verdict_now(), verdict::down);
    EXPECT_GT(b.requests, 600U) << "a quarter of all, the two thousand answers before among them";
    EXPECT_LT(b.requests, 1100U);
}

TEST(failure_detector_rate, a_brown_out_counts_with_three_busy_callers) {
    bench b = up();
    b.step = 5ms;
    for (int i = 0; i < 300 && b.verdict_now() != verdict::down; ++i)
        b.answers(2).fails_for(static_cast<std::uint64_t>(i % 3));
    EXPECT_EQ(b.verdict_now(), verdict::down) << "a third of all";
}

TEST(failure_detector_rate, one_callers_many_bad_requests_are_no_rate) {
    bench b = up();
    b.step = 10ms;
    b.fails_for(2).answers(10).fails_for(3).answers(10);
    for (int i = 0; i < 40; ++i) b.answers(2).fails_for(1);
    EXPECT_EQ(b.verdict_now(), verdict::up) << "ten of 110 count; a third of all failed";
}

TEST(failure_detector_rate, it_takes_several_callers) {
    bench b = up();
    b.step = 10ms;
    for (int i = 0; i < 50; ++i) b.answers().fails_for(1).answers().fails_for(2);
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

TEST(failure_detector_rate, without_a_rate_only_rows_count) {
    detector_rules rules = usual();
    rules.failure_rate = 0;
    bench b = up(rules);
    EXPECT_EQ(browns_out(b, 500, 1).verdict_now(), verdict::up);
}

TEST(failure_detector_rate, what_the_window_has_forgotten_counts_no_more) {
    bench b = up();
    browns_out(b, 4, 3);
    EXPECT_EQ(b.verdict_now(), verdict::suspect) << "a quarter of sixteen";
    b.pass(10s).answers(20);
    EXPECT_EQ(b.verdict_now(), verdict::up);
    EXPECT_EQ(b.fails().verdict_now(), verdict::up);
}

TEST(failure_detector_rate, below_the_volume_it_is_a_suspicion) {
    bench b = up();
    EXPECT_EQ(browns_out(b, 3, 3).verdict_now(), verdict::suspect) << "a quarter of twelve";
}

// --- slow ---

TEST(failure_detector_slow, slow_answers_count_like_failures_where_others_may_be_asked) {
    bench b = up();
    b.step = 10ms;
    b.answers(15);
    EXPECT_EQ(b.is_slow(3).verdict_now(), verdict::up) << "a fifth of fifteen";
    EXPECT_EQ(b.is_slow(1).verdict_now(), verdict::suspect) << "more than a quarter of fifteen";
    EXPECT_EQ(b.answers().verdict_now(), verdict::suspect);
    EXPECT_EQ(b.answers(4).is_slow(1).verdict_now(), verdict::down) << "a quarter of twenty";
    EXPECT_EQ(b.detector.observed().last_reason, reason::too_slow);
}

TEST(failure_detector_slow, the_only_one_that_answers_is_not_lost_for_being_slow) {
    bench b = up();
    b.around.sole = true;
    b.step = 10ms;
    EXPECT_EQ(b.answers(30).is_slow(30).verdict_now(), verdict::up);
    EXPECT_EQ(b.fails(10).answers().verdict_now(), verdict::down) << "but for failing it is";
}

TEST(failure_detector_slow, slow_answers_are_no_row) {
    detector_rules rules = usual();
    rules.failure_rate = 0;
    EXPECT_EQ(up(rules).is_slow(30).verdict_now(), verdict::up);
}

TEST(failure_detector_slow, they_count_once_per_caller_and_request) {
    bench b = up();
    b.step = 10ms;
    b.answers(20).is_slow(2);
    for (int i = 0; i < 50; ++i)
        b.shows({.what = showed::slow, .why = reason::too_slow, .caller = 99, .request = 1});
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

// --- refused ---

TEST(failure_detector_refused, refusals_of_several_known_callers_make_a_backend_suspect) {
    EXPECT_EQ(up().refuses(2).verdict_now(), verdict::up);
    EXPECT_EQ(up().refuses(3).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().refuses(3).detector.observed().last_reason, reason::refused);
}

TEST(failure_detector_refused, they_take_nobody_down) {
    EXPECT_EQ(up().refuses(100).verdict_now(), verdict::suspect);
}

TEST(failure_detector_refused, a_few_among_many_answers_are_the_callers_own_trouble) {
    bench b = up();
    b.step = 10ms;
    EXPECT_EQ(b.answers(100).refuses(10).verdict_now(), verdict::up);
}

TEST(failure_detector_refused, a_quarter_of_all_answers_is_not_a_few) {
    bench b = up();
    b.step = 10ms;
    for (int i = 0; i < 20; ++i) b.answers(3).refuses(1);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
}

TEST(failure_detector_refused, one_caller_who_is_refused_over_and_over_moves_nothing) {
    bench b = up();
    for (int i = 0; i < 50; ++i)
        b.shows({.what = showed::refused, .why = reason::refused, .caller = 1, .request = ++b.requests});
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

TEST(failure_detector_refused, the_suspicion_ends_when_it_refuses_no_longer) {
    bench b = up();
    b.refuses(3).probe_passes(3);
    EXPECT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.pass(10s).probe_passes().verdict_now(), verdict::up);
}

// --- one insurer ---

TEST(failure_detector_insurer, one_insurers_failures_switch_nothing_and_are_told) {
    bench b = up();
    EXPECT_EQ(browns_out(b, 100, 1, insurer_a).verdict_now(), verdict::up);
    EXPECT_THAT(b.detector.insurer_failing(b.now), Optional(insurer_a));
    b.pass(10s);
    EXPECT_EQ(b.detector.insurer_failing(b.now), std::nullopt);
}

TEST(failure_detector_insurer, not_even_in_a_row) {
    bench b = up();
    b.step = 10ms;
    b.answers(20).fails(10, reason::timed_out, insurer_a);
    EXPECT_EQ(b.verdict_now(), verdict::up);
    EXPECT_THAT(b.detector.insurer_failing(b.now), Optional(insurer_a));
}

// A day of an insurer's outage has other failures in it too.
TEST(failure_detector_insurer, a_stray_failure_of_another_kind_does_not_make_it_the_backends) {
    bench b = up();
    browns_out(b, 60, 1, insurer_a);
    b.answers().fails(1).answers().fails(1, reason::reset, insurer_b);
    EXPECT_EQ(browns_out(b, 60, 1, insurer_a).verdict_now(), verdict::up);
    EXPECT_THAT(b.detector.insurer_failing(b.now), Optional(insurer_a));
}

TEST(failure_detector_insurer, what_fails_besides_is_judged_by_itself) {
    bench b = up();
    b.step = 10ms;
    b.answers(10);
    for (int i = 0; i < 30 && b.verdict_now() != verdict::down; ++i)
        b.fails(2, reason::timed_out, insurer_a).fails(1, reason::reset).answers();
    EXPECT_EQ(b.verdict_now(), verdict::down) << "of what is left, nearly half fails";
}

TEST(failure_detector_insurer, one_or_two_callers_are_not_an_insurers_outage) {
    bench b = up();
    b.answers(20).fails(2, reason::timed_out, insurer_a);
    EXPECT_EQ(b.detector.insurer_failing(b.now), std::nullopt);
    b.fails(1, reason::timed_out, insurer_a);
    EXPECT_THAT(b.detector.insurer_failing(b.now), Optional(insurer_a));
}

TEST(failure_detector_insurer, failures_of_all_insurers_are_the_backends) {
    bench b = up();
    b.answers(1);
    for (int i = 0; i < 3; ++i)
        b.fails(1, reason::timed_out, insurer_a).fails(1, reason::timed_out, insurer_b).fails(1);
    EXPECT_EQ(b.verdict_now(), verdict::down);
    EXPECT_EQ(b.detector.insurer_failing(b.now), std::nullopt);
}

TEST(failure_detector_insurer, where_nothing_else_is_answered_it_is_the_backend) {
    EXPECT_EQ(up().fails(5, reason::timed_out, insurer_a).verdict_now(), verdict::down);
}

TEST(failure_detector_insurer, a_backend_that_stops_answering_is_not_excused_by_old_answers) {
    bench b = up();
    b.answers(20).pass(10s);
    EXPECT_EQ(b.fails(5, reason::timed_out, insurer_a).verdict_now(), verdict::down);
}

TEST(failure_detector_insurer, questions_that_name_nobody_have_no_excuse) {
    bench b = up();
    b.answers(10);
    EXPECT_EQ(b.fails(5).verdict_now(), verdict::down);
}

}  // namespace
}  // namespace garde::continuity
