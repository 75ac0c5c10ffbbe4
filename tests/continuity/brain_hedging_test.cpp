// The brain where a service hedges: what it learns of how long a backend takes, and when it tells.
#include "garde/continuity/brain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <variant>
#include <vector>

namespace garde::continuity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr backend_index b0{0};
constexpr backend_index b1{1};

enum class hedging { off, on };

brain_rules rules(hedging how) {
    return {.backends = std::vector<backend_rules>(2),
            .modes = {.hold_down = 30s, .degraded_hold_down = 5s, .min_dwell = 2s, .has_cache = true},
            .procedure = {},
            .hedge = how == hedging::on};
}

/// So many answers that took so long.
answers took(milliseconds each, std::uint16_t count) {
    answers out;
    out.count = count;
    out.latencies[latency_step(each)] = count;
    return out;
}

/// What the brain tells for answers of that time: where its step ends.
milliseconds told_for(milliseconds each) {
    return step_end(latency_step(each));
}

struct learning : testing::Test {
    service_brain brain{rules(hedging::on), start};
    steady_time now = start;

    /// How often a posture went out.
    std::size_t answered(backend_index which, const answers& what) {
        now += 1s;
        std::size_t out = 0;
        for (const auto& one : brain.traffic_answered(now, which, what))
            if (std::holds_alternative<publish_posture>(one)) ++out;
        return out;
    }
    [[nodiscard]] milliseconds told(backend_index which) const {
        return brain.posture().hedge_after[to_number(which)];
    }
};

TEST_F(learning, at_first_nothing_is_known) {
    EXPECT_THAT(brain.posture().hedge_after, ElementsAre(0ms, 0ms));
    answered(b0, took(20ms, latency_profile::enough - 1));
    EXPECT_EQ(told(b0), 0ms);
}

TEST_F(learning, what_nineteen_of_twenty_answers_do_not_exceed_is_told) {
    answered(b0, took(500ms, 5));
    EXPECT_EQ(answered(b0, took(20ms, 95)), 1U);
    EXPECT_EQ(told(b0), told_for(20ms));
    answered(b0, took(500ms, 5));
    EXPECT_EQ(told(b0), told_for(500ms)) << "more than one of twenty take so long";
}

TEST_F(learning, each_backend_has_its_own) {
    answered(b0, took(20ms, 100));
    answered(b1, took(80ms, 100));
    EXPECT_THAT(brain.posture().hedge_after, ElementsAre(told_for(20ms), told_for(80ms)));
}

TEST_F(learning, what_was_given_up_counts_as_late) {
    answered(b0, took(20ms, 95));
    answers with_outrun = took(20ms, 1);
    with_outrun.latencies[latency_step(90ms)] = 20;
    answered(b0, with_outrun);
    EXPECT_EQ(told(b0), told_for(90ms));
}

TEST_F(learning, a_change_of_a_quarter_at_most_is_not_told) {
    answered(b0, took(20ms, 100));
    const milliseconds before = told(b0);
    // The next step is a fifth further.
    const milliseconds little = step_end(latency_step(20ms)) + 2ms;
    ASSERT_LE(told_for(little), before + before / 4);
    EXPECT_EQ(answered(b0, took(little, 4000)), 0U);
    EXPECT_EQ(told(b0), before);
    EXPECT_EQ(answered(b0, took(60ms, 4000)), 1U);
    EXPECT_EQ(told(b0), told_for(60ms));
}

TEST(brain_hedging, a_service_that_does_not_hedge_tells_nothing) {
    service_brain brain(rules(hedging::off), start);
    brain.traffic_answered(start + 1s, b0, took(20ms, 200));
    EXPECT_THAT(brain.posture().hedge_after, IsEmpty());
}

TEST_F(learning, another_configuration_begins_with_what_is_known) {
    answered(b0, took(20ms, 100));
    reconfiguration off{
        .rules = rules(hedging::off), .former_places = {b0, b1}, .by = "anna", .reason = "test"};
    brain.adopt(now, off);
    EXPECT_THAT(brain.posture().hedge_after, IsEmpty());
    reconfiguration on{
        .rules = rules(hedging::on), .former_places = {b1, b0}, .by = "anna", .reason = "test"};
    brain.adopt(now, on);
    EXPECT_THAT(brain.posture().hedge_after, ElementsAre(0ms, told_for(20ms)));
}

}  // namespace
}  // namespace garde::continuity
