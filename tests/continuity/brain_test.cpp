// The brain of one service by hand: a whole outage from the first symptom to the return, operators' orders,
// and what is written down.
#include "brain_bench.hpp"

#include <string_view>

namespace garde::continuity {
namespace {

using namespace brain_testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

TEST(brain, begins_on_the_primary_with_everybody_to_ask) {
    const bench b;
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1));
    EXPECT_EQ(b.brain.posture().pinned, std::nullopt);
    EXPECT_EQ(b.brain.next_due(), std::nullopt);
}

TEST(brain, success_is_no_news) {
    bench b;
    EXPECT_THAT(b.passes(b0, 3), IsEmpty());
    EXPECT_THAT(b.answers(b0, 100), IsEmpty());
}

// --- an outage and its end ---

TEST(brain, a_suspect_primary_is_probed_at_once_and_asked_last) {
    bench b = all_up();
    const auto done = b.fails(b0);
    ASSERT_THAT(only<probe_now>(done), SizeIs(1));
    EXPECT_EQ(only<probe_now>(done)[0].backend, b0);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1, b0));
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_THAT(only<record_switchover>(done), IsEmpty());
}

TEST(brain, a_primary_that_is_down_hands_over_to_the_backup) {
    bench b = all_up();
    const auto done = b.fails(b0, 3);
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1));
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    const auto written = only<record_switchover>(done)[0];
    EXPECT_EQ(written.from, (placement{mode::primary, b0}));
    EXPECT_EQ(written.to, (placement{mode::backup, b1}));
    EXPECT_EQ(written.why, cause::detection);
    EXPECT_EQ(written.by, "garde");
    EXPECT_EQ(written.reason, "");
    EXPECT_EQ(written.first_symptom, b.now - 2s);
    EXPECT_EQ(written.detected, b.now);
    EXPECT_EQ(written.decided, b.now);
    ASSERT_THAT(written.evidence, SizeIs(2));
    EXPECT_EQ(written.evidence[0].state, verdict::down);
    EXPECT_EQ(written.evidence[0].observed.probe_failures, 3);
    EXPECT_EQ(written.evidence[1].state, verdict::up);
}

TEST(brain, the_posture_is_published_before_the_switchover_is_recorded) {
    bench b = all_up();
    b.fails(b0, 2);
    const auto done = b.fails(b0);
    ASSERT_THAT(done, SizeIs(3));
    EXPECT_TRUE(std::holds_alternative<record_verdict>(done[0]));
    EXPECT_TRUE(std::holds_alternative<publish_posture>(done[1]));
    EXPECT_TRUE(std::holds_alternative<record_switchover>(done[2]));
    EXPECT_EQ(std::get<publish_posture>(done[1]).value, b.brain.posture());
}

TEST(brain, without_a_backend_left_it_is_degraded) {
    bench b = in_backup();
    const auto done = b.fails(b1, 3);
    EXPECT_EQ(b.current(), mode::degraded);
    EXPECT_THAT(b.brain.posture().attempts, IsEmpty());
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(done)[0].to, (placement{mode::degraded, std::nullopt}));
}

TEST(brain, without_a_cache_it_is_emergency) {
    brain_rules rules = usual_rules();
    rules.modes.has_cache = false;
    bench b(rules);
    b.fails(b0, 3);
    b.fails(b1, 3);
    EXPECT_EQ(b.current(), mode::emergency);
}

TEST(brain, the_primary_gets_its_traffic_back_after_the_hold_down) {
    bench b = in_backup();
    b.passes(b0, 2);
    const steady_time up_since = b.now;
    EXPECT_THAT(b.brain.next_due(), Optional(up_since + 30s));
    EXPECT_THAT(b.brain.tick(up_since + 29'999ms), IsEmpty());
    const auto done = b.run_until(up_since + 30s);
    EXPECT_EQ(b.current(), mode::primary);
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    const auto written = only<record_switchover>(done)[0];
    EXPECT_EQ(written.why, cause::recovery);
    EXPECT_EQ(written.first_symptom, up_since);
    EXPECT_EQ(written.detected, up_since);
    EXPECT_EQ(written.decided, up_since + 30s);
    EXPECT_EQ(written.requests_touched, 0U);
}

TEST(brain, a_recovery_that_a_probe_brings_is_still_a_recovery) {
    bench b = in_backup();
    b.passes(b0, 2);
    b.now += 30s;
    const auto done = b.passes(b0);
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(done)[0].why, cause::recovery);
}

TEST(brain, a_relapse_starts_the_hold_down_anew) {
    bench b = in_backup();
    b.passes(b0, 2);
    b.now += 28s;
    b.fails(b0, 3);
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.next_due(), std::nullopt);
    b.passes(b0, 2);
    const steady_time up_again = b.now;
    b.run_until(up_again + 29'999ms);
    EXPECT_EQ(b.current(), mode::backup);
    b.run_until(up_again + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain, degraded_is_left_after_its_own_hold_down) {
    bench b = in_degraded();
    b.passes(b0, 2);
    const steady_time up_since = b.now;
    b.run_until(up_since + 4'999ms);
    EXPECT_EQ(b.current(), mode::degraded);
    const auto done = b.run_until(up_since + 5s);
    EXPECT_EQ(b.current(), mode::primary);
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(done)[0].why, cause::recovery);
}

// --- what is written down ---

TEST(brain, a_verdict_is_recorded_when_a_backend_goes_down_and_when_it_is_back) {
    bench b = all_up();
    const auto went = only<record_verdict>(b.fails(b1, 3));
    ASSERT_THAT(went, SizeIs(1));
    EXPECT_EQ(went[0].backend, b1);
    EXPECT_EQ(went[0].from, verdict::suspect);
    EXPECT_EQ(went[0].to, verdict::down);
    const auto came = only<record_verdict>(b.passes(b1, 2));
    ASSERT_THAT(came, SizeIs(1));
    EXPECT_EQ(came[0].from, verdict::recovering);
    EXPECT_EQ(came[0].to, verdict::up);
    EXPECT_EQ(came[0].observed.last_reason, reason::connect_failed);
}

TEST(brain, a_backend_that_comes_up_in_one_step_is_recorded_too) {
    brain_rules rules = usual_rules();
    for (auto& one : rules.backends) one.detector.rise = 1;
    bench b(rules);
    b.fails(b1, 3);
    const auto came = only<record_verdict>(b.passes(b1));
    ASSERT_THAT(came, SizeIs(1));
    EXPECT_EQ(came[0].to, verdict::up);
}

TEST(brain, a_backup_that_fails_unused_is_no_switchover) {
    bench b = all_up();
    const auto done = b.fails(b1, 3);
    EXPECT_THAT(only<record_switchover>(done), IsEmpty());
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0));
}

TEST(brain, a_switchover_counts_the_requests_that_its_own_cause_touched) {
    bench b = all_up();
    const auto first = b.attempts_fail(b0, 5);
    ASSERT_THAT(only<record_switchover>(first), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(first)[0].requests_touched, 5U);

    // Hours later the backup fails too: the primary's five are not told again, nor is its first symptom.
    b.now += 2h;
    const auto second = b.attempts_fail(b1, 5);
    ASSERT_THAT(only<record_switchover>(second), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(second)[0].requests_touched, 5U);
    EXPECT_EQ(only<record_switchover>(second)[0].first_symptom, b.now - 4s);
}

TEST(brain, between_backups_the_change_is_recorded_but_is_no_switchover) {
    bench b(usual_rules(3));
    b.fails(b0, 3);
    const auto done = b.fails(b1, 3);
    EXPECT_THAT(only<record_switchover>(done), IsEmpty());
    ASSERT_THAT(only<record_backend_change>(done), SizeIs(1));
    EXPECT_EQ(only<record_backend_change>(done)[0].from, b1);
    EXPECT_EQ(only<record_backend_change>(done)[0].to, backend_index{2});
    EXPECT_EQ(b.current(), mode::backup);
}

// --- operators' orders ---

TEST(brain, an_order_is_carried_out_and_recorded_with_who_and_why) {
    bench b = all_up();
    const auto done = b.order(override_mode::backup);
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.posture().pinned, override_mode::backup);
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    const auto written = only<record_switchover>(done)[0];
    EXPECT_EQ(written.why, cause::override_set);
    EXPECT_EQ(written.by, "anna");
    EXPECT_EQ(written.reason, "test");
    EXPECT_EQ(written.detected, b.now);
}

TEST(brain, an_order_for_the_present_mode_is_published_but_is_no_switchover) {
    bench b = all_up();
    const auto done = b.order(override_mode::primary);
    EXPECT_THAT(only<record_switchover>(done), IsEmpty());
    EXPECT_THAT(only<publish_posture>(done), SizeIs(1));
}

TEST(brain, transparent_is_published) {
    bench b = all_up();
    b.order(override_mode::transparent);
    EXPECT_TRUE(b.brain.posture().transparent());
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0));
}

TEST(brain, a_pinned_primary_keeps_its_requests_through_an_outage) {
    bench b = all_up();
    b.order(override_mode::primary);
    const auto done = b.fails(b0, 3);
    EXPECT_THAT(only<record_switchover>(done), IsEmpty());
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1));
}

TEST(brain, an_order_taken_back_is_recorded_with_who_and_why) {
    bench b = all_up();
    b.order(override_mode::degraded);
    b.now += 1s;
    const auto done = b.brain.clear_override(b.now, "bert", "drill over");
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_EQ(b.brain.posture().pinned, std::nullopt);
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(done)[0].why, cause::override_cleared);
    EXPECT_EQ(only<record_switchover>(done)[0].by, "bert");
    EXPECT_EQ(only<record_switchover>(done)[0].reason, "drill over");
}

TEST(brain, taking_back_an_order_that_is_not_there_does_nothing) {
    bench b = all_up();
    EXPECT_THAT(b.brain.clear_override(b.now, "bert", "why not"), IsEmpty());
}

TEST(brain, an_order_expires) {
    bench b = all_up();
    b.order(override_mode::degraded, b.now + 1min);
    const steady_time until = b.now - 1s + 1min;
    EXPECT_THAT(b.brain.next_due(), Optional(until));
    EXPECT_THAT(b.brain.tick(until - 1ms), IsEmpty());
    const auto done = b.run_until(until);
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_EQ(b.brain.override_in_force(), std::nullopt);
    EXPECT_THAT(only<forget_override>(done), SizeIs(1));
    ASSERT_THAT(only<record_switchover>(done), SizeIs(1));
    EXPECT_EQ(only<record_switchover>(done)[0].why, cause::override_expired);
    EXPECT_EQ(only<record_switchover>(done)[0].by, "anna");
}

TEST(brain, a_new_order_replaces_the_old_one_and_its_end) {
    bench b = all_up();
    b.order(override_mode::degraded, b.now + 1min);
    b.order(override_mode::backup);
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.next_due(), std::nullopt);
}

TEST(brain, an_order_in_the_past_is_over_at_the_next_tick) {
    bench b = all_up();
    b.order(override_mode::degraded, b.now - 1min);
    EXPECT_EQ(b.current(), mode::degraded);
    b.run_until(b.now);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain, the_end_of_an_order_needs_no_hold_down) {
    bench b = in_backup();
    b.passes(b0, 2);
    b.order(override_mode::backup);
    b.now += 1s;
    b.brain.clear_override(b.now, "bert", "done");
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain, texts_of_causes_are_all_different) {
    std::vector<std::string_view> texts;
    for (const auto value : {cause::detection, cause::recovery, cause::override_set, cause::override_cleared,
                             cause::override_expired, cause::reconfigured})
        texts.push_back(to_text(value));
    EXPECT_THAT(texts, ElementsAre("detection", "recovery", "override-set", "override-cleared",
                                   "override-expired", "reconfigured"));
}

}  // namespace
}  // namespace garde::continuity
