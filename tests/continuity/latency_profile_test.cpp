// How long a backend usually takes: the steps of the histogram, what is learned and what is forgotten.
#include "garde/continuity/latency_profile.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

latency_counts answers_of(steady_time::duration took, std::uint16_t times) {
    latency_counts out{};
    out[latency_step(took)] = times;
    return out;
}

TEST(latency_step, begins_at_a_quarter_octave_each) {
    for (std::size_t step = 1; step < latency_steps; ++step) {
        const auto begins =
            std::chrono::microseconds(std::lround(1000.0 * std::exp2(static_cast<double>(step) / 4)));
        EXPECT_EQ(latency_step(begins), step);
        EXPECT_EQ(latency_step(begins - 1us), step - 1);
    }
}

TEST(latency_step, never_falls_as_time_grows) {
    std::size_t last = 0;
    for (std::int64_t us = 0; us < 70'000'000; us += 1 + us / 300) {
        const std::size_t step = latency_step(std::chrono::microseconds(us));
        EXPECT_GE(step, last) << us;
        EXPECT_LE(step, last + 1) << us;
        last = step;
    }
    EXPECT_EQ(last, latency_steps - 1);
}

TEST(latency_step, all_that_is_short_is_in_the_first_and_all_that_is_long_in_the_last) {
    EXPECT_EQ(latency_step(0us), 0U);
    EXPECT_EQ(latency_step(-5s), 0U);
    EXPECT_EQ(latency_step(1ms), 0U);
    EXPECT_EQ(latency_step(56s), latency_steps - 1);
    EXPECT_EQ(latency_step(24h), latency_steps - 1);
}

TEST(latency_step, an_answer_takes_no_longer_than_its_steps_end) {
    for (const auto took : {3ms, 40ms, 41ms, 999ms, 1000ms, 12'345ms}) {
        const std::size_t step = latency_step(took);
        EXPECT_GE(step_end(step), took);
        EXPECT_LE(step_end(step - 1), took);
    }
}

TEST(latency_profile, says_nothing_before_it_has_seen_enough) {
    latency_profile profile;
    profile.learn(answers_of(50ms, latency_profile::enough - 1));
    EXPECT_EQ(profile.quantile(50), std::nullopt);
    profile.learn(answers_of(50ms, 1));
    EXPECT_EQ(profile.quantile(50), step_end(latency_step(50ms)));
}

TEST(latency_profile, a_quantile_is_what_so_many_do_not_exceed) {
    latency_profile profile;
    profile.learn(answers_of(20ms, 500));
    profile.learn(answers_of(100ms, 400));
    profile.learn(answers_of(3s, 100));
    EXPECT_EQ(profile.quantile(50), step_end(latency_step(20ms)));
    EXPECT_EQ(profile.quantile(51), step_end(latency_step(100ms)));
    EXPECT_EQ(profile.quantile(90), step_end(latency_step(100ms)));
    EXPECT_EQ(profile.quantile(91), step_end(latency_step(3s)));
    EXPECT_EQ(profile.quantile(100), step_end(latency_step(3s)));
}

TEST(latency_profile, forgets_what_was_usual_long_ago) {
    latency_profile profile;
    for (std::uint64_t i = 0; i < latency_profile::memory; ++i) profile.learn(answers_of(20ms, 1));
    EXPECT_EQ(profile.quantile(50), step_end(latency_step(20ms)));
    for (std::uint64_t i = 0; i < latency_profile::memory; ++i) profile.learn(answers_of(200ms, 1));
    EXPECT_EQ(profile.quantile(50), step_end(latency_step(200ms)));
}

TEST(latency_profile, a_short_bad_time_does_not_become_the_usual) {
    latency_profile profile;
    for (std::uint64_t i = 0; i < latency_profile::memory; ++i) profile.learn(answers_of(20ms, 1));
    profile.learn(answers_of(5s, latency_profile::memory / 4));
    EXPECT_EQ(profile.quantile(50), step_end(latency_step(20ms)));
}

// One report may bring more than the memory holds.
TEST(latency_profile, a_large_report_is_halved_until_it_fits) {
    latency_profile profile;
    profile.learn(answers_of(20ms, 65'535));
    profile.learn(answers_of(200ms, latency_profile::memory / 2 + 100));
    EXPECT_EQ(profile.quantile(100), step_end(latency_step(200ms)));
    EXPECT_EQ(profile.quantile(10), step_end(latency_step(20ms)));
}

}  // namespace
}  // namespace garde::continuity
