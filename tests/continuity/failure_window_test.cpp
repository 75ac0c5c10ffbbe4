// Who failed lately, over how many attempts: what counts, what does not, and what is left of it with time.
#include "garde/continuity/failure_window.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr milliseconds span = 8s;  // a slice is a second
constexpr insurer insurer_a{120};
constexpr insurer insurer_b{306};

sighting failure(std::uint64_t caller, std::uint64_t request, insurer asked = insurer::unknown) {
    return {.what = showed::failed,
            .why = reason::timed_out,
            .caller = caller,
            .request = request,
            .asked = asked,
            .as = errand::regular};
}

sighting slowness(std::uint64_t caller, std::uint64_t request) {
    return {.what = showed::slow, .why = reason::too_slow, .caller = caller, .request = request};
}

/// `times` different requests of one caller. Returns how many were fresh.
int fail_often(failure_window& in, steady_time now, std::uint64_t caller, int times,
               insurer asked = insurer::unknown) {
    int fresh = 0;
    for (int i = 0; i < times; ++i)
        if (in.enter(now, failure(caller, static_cast<std::uint64_t>(i), asked))) ++fresh;
    return fresh;
}

TEST(failure_window, is_empty_at_first) {
    const failure_window window(span);
    const auto seen = window.of(start);
    EXPECT_EQ(seen.answered, 0U);
    EXPECT_EQ(seen.failed, 0U);
    EXPECT_EQ(seen.slow, 0U);
    EXPECT_EQ(seen.callers, 0U);
    EXPECT_EQ(window.mostly_asked(start).asked, insurer::unknown);
    EXPECT_EQ(window.callers_after(start, steady_time{}), 0U);
}

TEST(failure_window, counts_failed_slow_and_answered_apart) {
    failure_window window(span);
    window.answered(start, 10);
    window.answered(start, 5);
    window.enter(start, failure(1, 1));
    window.enter(start, failure(2, 1));
    window.enter(start, slowness(3, 1));
    const auto seen = window.of(start);
    EXPECT_EQ(seen.answered, 15U);
    EXPECT_EQ(seen.failed, 2U);
    EXPECT_EQ(seen.slow, 1U);
    EXPECT_EQ(seen.callers, 3U);
}

TEST(failure_window, the_same_caller_and_request_counts_once) {
    failure_window window(span);
    EXPECT_TRUE(window.enter(start, failure(1, 7)));
    EXPECT_FALSE(window.enter(start + 1s, failure(1, 7)));
    EXPECT_TRUE(window.enter(start + 1s, failure(1, 8)));
    EXPECT_TRUE(window.enter(start + 1s, failure(2, 7)));
    EXPECT_EQ(window.of(start + 1s).failed, 3U);
    EXPECT_EQ(window.of(start + 1s).callers, 2U);
}

TEST(failure_window, a_request_counts_again_when_the_window_has_forgotten_it) {
    failure_window window(span);
    window.enter(start, failure(1, 7));
    EXPECT_FALSE(window.enter(start + span - 1ms, failure(1, 7)));
    EXPECT_TRUE(window.enter(start + span, failure(1, 7)));
}

TEST(failure_window, a_caller_alone_cannot_fill_it) {
    failure_window window(span);
    EXPECT_EQ(fail_often(window, start, 1, 100), static_cast<int>(failure_window::most_of_a_caller));
    EXPECT_EQ(window.of(start).failed, failure_window::most_of_a_caller);
}

TEST(failure_window, a_caller_among_few_others_cannot_fill_it_either) {
    failure_window window(span);
    window.enter(start, failure(2, 1));
    window.enter(start, failure(3, 1));
    fail_often(window, start, 1, 100);
    EXPECT_EQ(window.of(start).failed, 2 + failure_window::most_of_a_caller);
}

TEST(failure_window, callers_who_fail_as_often_as_the_others_together_count) {
    failure_window window(span);
    for (std::uint64_t request = 0; request < 20; ++request)
        for (const std::uint64_t caller : {1U, 2U, 3U})
            EXPECT_TRUE(window.enter(start, failure(caller, request))) << caller << ' ' << request;
    EXPECT_EQ(window.of(start).failed, 60U);
}

TEST(failure_window, what_is_too_old_is_forgotten) {
    failure_window window(span);
    window.answered(start, 10);
    window.enter(start, failure(1, 1));
    window.enter(start + 4s, failure(2, 1));
    EXPECT_EQ(window.of(start + 7s).failed, 2U);
    EXPECT_EQ(window.of(start + 7s).answered, 10U);
    EXPECT_EQ(window.of(start + 8s).failed, 1U);
    EXPECT_EQ(window.of(start + 8s).callers, 1U);
    EXPECT_EQ(window.of(start + 8s).answered, 0U);
    EXPECT_EQ(window.of(start + 1h).failed, 0U);
    EXPECT_EQ(window.of(start + 1h).callers, 0U);
}

TEST(failure_window, a_slice_is_used_again_for_the_time_that_comes_to_it) {
    failure_window window(span);
    window.answered(start, 10);
    window.answered(start + span, 3);
    EXPECT_EQ(window.of(start + span).answered, 3U);
}

// Who failed is remembered of the latest only; a rate over a busy minute must not suffer from it.
TEST(failure_window, counts_all_failures_however_many_there_are) {
    failure_window window(span);
    for (std::uint64_t i = 0; i < 1000; ++i) {
        EXPECT_TRUE(window.enter(start + milliseconds(i), failure(i % 100, i)));
        window.answered(start + milliseconds(i), 1);
    }
    const auto seen = window.of(start + 1s);
    EXPECT_EQ(seen.failed, 1000U);
    EXPECT_EQ(seen.answered, 1000U);
    EXPECT_EQ(seen.callers, failure_window::most_entries);
}

TEST(failure_window, the_oldest_goes_when_it_is_full) {
    failure_window window(span);
    window.enter(start, failure(1, 1));
    for (std::uint64_t i = 0; i < failure_window::most_entries; ++i) window.enter(start, failure(100 + i, 1));
    EXPECT_EQ(window.of(start).callers, failure_window::most_entries);
    EXPECT_TRUE(window.enter(start, failure(1, 1))) << "it was still remembered";
}

TEST(failure_window, callers_who_failed_after_a_time) {
    failure_window window(span);
    window.enter(start, failure(1, 1));
    window.enter(start + 1s, failure(2, 1));
    window.enter(start + 2s, failure(3, 1));
    window.enter(start + 2s, failure(3, 2));
    window.enter(start + 2s, slowness(4, 1));
    EXPECT_EQ(window.callers_after(start + 3s, start - 1s), 3U);
    EXPECT_EQ(window.callers_after(start + 3s, start), 2U);
    EXPECT_EQ(window.callers_after(start + 3s, start + 2s), 0U);
    EXPECT_EQ(window.callers_after(start + 1s + span, start - 1s), 1U);
}

TEST(failure_window, clear_forgets_everything) {
    failure_window window(span);
    window.answered(start, 10);
    window.enter(start, failure(1, 1));
    window.clear();
    EXPECT_EQ(window.of(start).answered, 0U);
    EXPECT_EQ(window.of(start).failed, 0U);
    EXPECT_EQ(window.of(start).callers, 0U);
    EXPECT_TRUE(window.enter(start, failure(1, 1)));
}

// Slices of another length have other numbers: old ones would seem to lie ahead, and never grow old.
TEST(failure_window, another_span_begins_anew) {
    failure_window window(1s);
    window.answered(start, 1000);
    window.adopt(10s);
    EXPECT_EQ(window.of(start + 1s).answered, 0U);
    window.enter(start + 1s, failure(1, 1));
    EXPECT_EQ(window.of(start + 9s).failed, 1U);
}

TEST(failure_window, the_same_span_keeps_what_was_counted) {
    failure_window window(span);
    window.answered(start, 10);
    window.enter(start, failure(1, 1));
    window.adopt(span);
    EXPECT_EQ(window.of(start).answered, 10U);
    EXPECT_EQ(window.of(start).failed, 1U);
}

// --- insurers ---

TEST(failure_window, tells_the_insurer_that_most_failures_asked) {
    failure_window window(span);
    window.enter(start, failure(1, 1, insurer_a));
    window.enter(start, failure(2, 2, insurer_a));
    window.enter(start, failure(2, 3, insurer_a));
    window.enter(start, failure(3, 4, insurer_b));
    window.enter(start, failure(4, 5));
    EXPECT_EQ(window.mostly_asked(start).asked, insurer_a);
    EXPECT_EQ(window.mostly_asked(start).callers, 2U);
}

TEST(failure_window, the_insurer_that_most_failures_asked_need_not_come_first) {
    failure_window window(span);
    window.enter(start, failure(1, 1, insurer_b));
    for (std::uint64_t i = 2; i < 6; ++i) window.enter(start, failure(i, i, insurer_a));
    EXPECT_EQ(window.mostly_asked(start).asked, insurer_a);
    EXPECT_EQ(window.mostly_asked(start).callers, 4U);
}

TEST(failure_window, half_of_the_failures_is_not_most) {
    failure_window window(span);
    window.enter(start, failure(1, 1, insurer_a));
    window.enter(start, failure(2, 2, insurer_b));
    EXPECT_EQ(window.mostly_asked(start).asked, insurer::unknown);
    EXPECT_EQ(window.mostly_asked(start).callers, 0U);
}

TEST(failure_window, questions_that_name_no_insurer_are_nobodys) {
    failure_window window(span);
    for (std::uint64_t i = 0; i < 5; ++i) window.enter(start, failure(i, i));
    window.enter(start, failure(9, 9, insurer_a));
    EXPECT_EQ(window.mostly_asked(start).asked, insurer::unknown);
}

TEST(failure_window, slow_answers_speak_of_no_insurer) {
    failure_window window(span);
    window.enter(start, failure(1, 1, insurer_a));
    for (std::uint64_t i = 2; i < 6; ++i) window.enter(start, slowness(i, i));
    EXPECT_EQ(window.mostly_asked(start).asked, insurer_a);
}

TEST(failure_window, an_insurer_can_be_left_out) {
    failure_window window(span);
    window.answered(start, 7);
    for (std::uint64_t i = 0; i < 5; ++i) window.enter(start, failure(i, i, insurer_a));
    window.enter(start, failure(1, 9, insurer_b));
    window.enter(start, slowness(6, 9));
    const auto rest = window.of(start, insurer_a);
    EXPECT_EQ(rest.answered, 7U);
    EXPECT_EQ(rest.failed, 1U);
    EXPECT_EQ(rest.slow, 1U);
    EXPECT_EQ(rest.callers, 2U);
    EXPECT_EQ(window.callers_after(start, start - 1s, insurer_a), 1U);
    EXPECT_EQ(window.callers_after(start, start - 1s), 5U);
}

TEST(failure_window, leaving_out_nobody_leaves_out_nothing) {
    failure_window window(span);
    for (std::uint64_t i = 0; i < 5; ++i) window.enter(start, failure(i, i));
    EXPECT_EQ(window.of(start, insurer::unknown).failed, 5U);
    EXPECT_EQ(window.of(start, insurer_a).failed, 5U);
}

TEST(failure_window, an_insurers_part_of_many_failures_is_that_of_the_remembered_ones) {
    failure_window window(span);
    for (std::uint64_t i = 0; i < 640; ++i)
        window.enter(start, failure(i % 80, i, i % 4 == 0 ? insurer_b : insurer_a));
    EXPECT_EQ(window.of(start).failed, 640U);
    EXPECT_EQ(window.of(start, insurer_a).failed, 160U);
}

}  // namespace
}  // namespace garde::continuity
