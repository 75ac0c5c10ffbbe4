// The brain of one service by hand: a whole outage from the first symptom to the return, operators' orders,
// and what is written down.
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
using testing::Optional;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr backend_index b0{0};
constexpr backend_index b1{1};

using actions = std::vector<brain_action>;

template <class Action>
std::vector<Action> only(const actions& all) {
    std::vector<Action> out;
    for (const auto& one : all)
        if (const auto* found = std::get_if<Action>(&one)) out.push_back(*found);
    return out;
}

brain_rules usual_rules() {
    return {.detector = {.rise = 2, .fall = 3, .traffic_fall = 5, .ejection_time = 10s},
            .modes = {.hold_down = 30s, .degraded_hold_down = 5s, .min_dwell = 2s, .has_cache = true},
            .backends = 2};
}

brain_rules with_rise(int rise) {
    brain_rules out = usual_rules();
    out.detector.rise = rise;
    return out;
}

/// A brain and the time, which goes on by a second with each event.
struct bench {
    explicit bench(const brain_rules& rules = usual_rules()) : brain(rules, start) {}

    service_brain brain;
    steady_time now = start;

    actions passes(backend_index which, int times = 1) {
        return collect(times, [&] { return brain.probe_passed(now, which); });
    }
    actions fails(backend_index which, int times = 1) {
        return collect(times, [&] { return brain.probe_failed(now, which, reason::connect_failed); });
    }
    actions attempts_fail(backend_index which, int times = 1) {
        return collect(times, [&] { return brain.traffic_failed(now, which, reason::timed_out); });
    }
    actions order(override_mode what, std::optional<steady_time> until = {}) {
        now += 1s;
        return brain.set_override(now,
                                  {.order = {what, false}, .by = "anna", .reason = "test", .until = until});
    }
    /// Calls tick() at its time, until nothing is due any more or `limit` is reached.
    actions run_until(steady_time limit) {
        actions out;
        while (const auto due = brain.next_due()) {
            if (*due > limit) break;
            now = std::max(now, *due);
            append(out, brain.tick(now));
        }
        now = limit;
        return out;
    }
    [[nodiscard]] mode current() const { return brain.posture().current; }

  private:
    template <class Event>
    actions collect(int times, Event&& event) {
        actions out;
        for (; times > 0; --times) {
            now += 1s;
            append(out, event());
        }
        return out;
    }
    static void append(actions& to, actions from) {
        for (auto& one : from) to.push_back(std::move(one));
    }
};

bench all_up() {
    bench b;
    b.passes(b0);
    b.passes(b1);
    return b;
}

bench in_backup() {
    bench b = all_up();
    b.fails(b0, 3);
    EXPECT_EQ(b.current(), mode::backup);
    return b;
}

bench in_degraded() {
    bench b = in_backup();
    b.fails(b1, 3);
    EXPECT_EQ(b.current(), mode::degraded);
    return b;
}

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
    EXPECT_THAT(b.brain.traffic_answered(b.now, b0, 100), IsEmpty());
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
    bench b(with_rise(1));
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
    brain_rules rules = usual_rules();
    rules.backends = 3;
    bench b(rules);
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
                             cause::override_expired})
        texts.push_back(to_text(value));
    EXPECT_THAT(texts,
                ElementsAre("detection", "recovery", "override-set", "override-cleared", "override-expired"));
}

// --- another configuration ---

std::vector<std::optional<backend_index>> same_places() {
    return {b0, b1};
}

actions reconfigure(bench& b, std::vector<std::optional<backend_index>> places,
                    brain_rules rules = usual_rules()) {
    rules.backends = places.size();
    return b.brain.adopt(b.now, {rules, std::move(places), "anna", "test"});
}

TEST(brain_reconfigured, goes_on_where_it_was) {
    bench b = in_backup();
    const auto since = b.brain.detector(b0).since();
    EXPECT_THAT(reconfigure(b, same_places()), IsEmpty());
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::down);
    EXPECT_EQ(b.brain.detector(b0).since(), since);
}

TEST(brain_reconfigured, keeps_a_hold_down_running) {
    bench b = in_backup();
    b.passes(b0, 2);
    b.run_until(b.now + 20s);
    reconfigure(b, same_places());
    EXPECT_THAT(b.run_until(b.now + 9s), IsEmpty());
    b.run_until(b.now + 1s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, judges_by_the_new_rules) {
    bench b = all_up();
    b.fails(b0, 1);
    brain_rules rules = usual_rules();
    rules.detector.fall = 2;
    reconfigure(b, same_places(), rules);
    b.fails(b0, 1);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::down);
}

TEST(brain_reconfigured, keeps_an_ejection) {
    bench b = all_up();
    b.attempts_fail(b0, 5);
    reconfigure(b, same_places());
    b.passes(b0, 2);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::recovering);
}

TEST(brain_reconfigured, keeps_an_order_with_its_end) {
    bench b = all_up();
    b.order(override_mode::degraded, b.now + 60s);
    EXPECT_THAT(reconfigure(b, same_places()), IsEmpty());
    EXPECT_EQ(b.current(), mode::degraded);
    b.run_until(b.now + 61s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, a_new_backend_is_unknown_and_may_be_asked) {
    bench b = all_up();
    EXPECT_THAT(reconfigure(b, {b0, b1, std::nullopt}), IsEmpty());
    EXPECT_EQ(b.brain.detector(backend_index{2}).current(), verdict::unknown);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1, backend_index{2}));
}

TEST(brain_reconfigured, decides_anew_when_the_modes_backend_is_gone) {
    bench b = in_backup();
    const auto done = reconfigure(b, {b0});
    const auto told = only<record_switchover>(done);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].why, cause::reconfigured);
    EXPECT_EQ(told[0].by, "anna");
    EXPECT_EQ(told[0].from, (placement{mode::backup, b1}));
    EXPECT_EQ(told[0].to, (placement{mode::degraded, std::nullopt}));
    EXPECT_THAT(told[0].evidence, SizeIs(1));
}

TEST(brain_reconfigured, a_primary_that_is_replaced_is_a_change_of_backend) {
    bench b = all_up();
    const auto told = only<record_backend_change>(reconfigure(b, {std::nullopt, b1}));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].from, b0);
    EXPECT_EQ(told[0].to, b0);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, a_new_primary_gets_traffic_after_the_hold_down_while_the_old_one_works) {
    bench b = all_up();
    reconfigure(b, {std::nullopt, b0});
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.modes().current().active, b1);
    b.passes(b0);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, somebody_new_ends_the_degraded_mode) {
    bench b = in_degraded();
    const auto told = only<record_switchover>(reconfigure(b, {b0, std::nullopt}));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1));
}

TEST(brain_reconfigured, degraded_without_its_cache_is_emergency) {
    bench b = in_degraded();
    brain_rules rules = usual_rules();
    rules.modes.has_cache = false;
    EXPECT_THAT(only<record_switchover>(reconfigure(b, same_places(), rules)), SizeIs(1));
    EXPECT_EQ(b.current(), mode::emergency);
}

TEST(brain_reconfigured, later_records_count_in_the_new_list) {
    bench b = in_backup();
    reconfigure(b, {b1, b0});
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_EQ(b.brain.detector(b1).current(), verdict::down);
    const auto told = only<record_verdict>(b.passes(b1, 2));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].backend, b1);
}

// --- another process ---

remembered_service left_in_backup() {
    return {.backends = {{verdict::down, start - 60s, reason::timed_out},
                         {verdict::up, start - 1h, reason::none}},
            .active = b1,
            .since = start - 60s};
}

TEST(brain_resumed, goes_on_in_the_mode_and_with_the_verdicts_that_were_left) {
    const service_brain brain(usual_rules(), left_in_backup());
    EXPECT_EQ(brain.posture().current, mode::backup);
    EXPECT_THAT(brain.posture().attempts, ElementsAre(b1));
    EXPECT_EQ(brain.detector(b0).current(), verdict::down);
    EXPECT_EQ(brain.detector(b0).observed().last_reason, reason::timed_out);
}

TEST(brain_resumed, returns_by_the_usual_way) {
    bench b;
    b.brain = service_brain(usual_rules(), left_in_backup());
    b.passes(b0, 2);
    EXPECT_EQ(b.current(), mode::backup);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_resumed, a_hold_down_that_ran_there_runs_on) {
    auto left = left_in_backup();
    left.backends[0] = {verdict::up, start - 20s, reason::none};
    bench b;
    b.brain = service_brain(usual_rules(), left);
    b.brain.tick(start);
    EXPECT_EQ(b.current(), mode::backup);
    b.run_until(start + 10s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_resumed, nobody_left_is_degraded) {
    auto left = left_in_backup();
    left.backends[1].state = verdict::down;
    left.active.reset();
    EXPECT_EQ(service_brain(usual_rules(), left).posture().current, mode::degraded);
}

TEST(brain_resumed, an_outage_that_goes_on_is_dated_from_its_beginning) {
    auto left = left_in_backup();
    left.backends[0] = {verdict::suspect, start - 5s, reason::reset};
    left.active = b0;
    bench b;
    b.brain = service_brain(usual_rules(), left);
    const auto told = only<record_switchover>(b.fails(b0, 3));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_NE(told[0].first_symptom, steady_time{});
}

}  // namespace
}  // namespace garde::continuity
