// The mode machine by hand: worse at once, better after the hold-down, operators' orders and another
// configuration. Shares, growth and freezing are in mode_machine_shares_test.cpp.
#include "mode_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace garde::continuity {
namespace {

using namespace mode_testing;
using testing::Optional;

TEST(eligible, only_down_and_recovering_are_out) {
    EXPECT_TRUE(eligible(verdict::unknown));
    EXPECT_TRUE(eligible(verdict::up));
    EXPECT_TRUE(eligible(verdict::suspect));
    EXPECT_FALSE(eligible(verdict::down));
    EXPECT_FALSE(eligible(verdict::recovering));
}

// --- worse is immediate ---

TEST(mode_machine, begins_on_the_primary) {
    bench b;
    EXPECT_EQ(b.update(), on_primary);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

TEST(mode_machine, tells_the_former_placement_only_when_it_changed) {
    bench b;
    EXPECT_EQ(b.machine.update(b.now, b.backends, {}), std::nullopt);
    b.set(b0, verdict::down);
    EXPECT_THAT(b.machine.update(b.now, b.backends, {}), Optional(on_primary));
    EXPECT_EQ(b.machine.update(b.now, b.backends, {}), std::nullopt);
}

TEST(mode_machine, the_first_backup_takes_over_at_once) {
    bench b;
    EXPECT_EQ(b.set(b0, verdict::down).update(), on_first_backup);
    EXPECT_EQ(b.machine.since(), start);
}

TEST(mode_machine, a_suspect_primary_keeps_the_mode) {
    bench b;
    EXPECT_EQ(b.set(b0, verdict::suspect).update(), on_primary);
}

TEST(mode_machine, a_primary_that_nothing_is_known_of_keeps_the_mode) {
    bench b;
    EXPECT_EQ(b.all(verdict::unknown).update(), on_primary);
}

TEST(mode_machine, an_unsuspected_backup_is_preferred) {
    bench b;
    EXPECT_EQ(b.set(b0, verdict::down).set(b1, verdict::suspect).update(), on_second_backup);
}

TEST(mode_machine, a_suspect_is_better_than_nobody) {
    bench b;
    EXPECT_EQ(b.all(verdict::down).set(b2, verdict::suspect).update(), on_second_backup);
}

TEST(mode_machine, a_recovering_backend_takes_nothing_over) {
    bench b;
    EXPECT_EQ(b.set(b0, verdict::down).set(b1, verdict::recovering).update(), on_second_backup);
}

TEST(mode_machine, backup_goes_on_to_the_next_backup) {
    bench b = in_backup();
    EXPECT_EQ(b.set(b1, verdict::down).update(), on_second_backup);
}

TEST(mode_machine, without_backend_and_with_a_cache_it_is_degraded) {
    bench b;
    EXPECT_EQ(b.all(verdict::down).update(), degraded);
}

TEST(mode_machine, without_backend_and_cache_it_is_emergency) {
    mode_rules rules = usual();
    rules.has_cache = false;
    bench b(rules);
    EXPECT_EQ(b.all(verdict::down).update(), emergency);
}

TEST(mode_machine, the_dwell_does_not_hold_up_a_change_for_the_worse) {
    bench b = in_backup();
    EXPECT_EQ(b.set(b1, verdict::down).set(b2, verdict::down).update(1ms), degraded);
}

// --- better waits ---

TEST(mode_machine, the_primary_gets_its_traffic_back_after_the_hold_down) {
    bench b = in_backup();
    b.now += 1min;
    EXPECT_EQ(b.set(b0, verdict::up).update(), on_first_backup);
    EXPECT_THAT(b.machine.next_due(), Optional(b.now + 30s));
    EXPECT_EQ(b.update(29'999ms), on_first_backup);
    EXPECT_EQ(b.update(1ms), on_primary);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

TEST(mode_machine, a_relapse_starts_the_hold_down_anew) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    b.now += 29s;
    b.set(b0, verdict::down).update();
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
    b.now += 1s;
    EXPECT_EQ(b.set(b0, verdict::up).update(29s), on_first_backup);
    EXPECT_EQ(b.update(1s), on_primary);
}

TEST(mode_machine, a_suspicion_starts_the_hold_down_anew) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    b.now += 29s;
    b.set(b0, verdict::suspect).update();
    EXPECT_EQ(b.update(5min), on_first_backup);
    EXPECT_EQ(b.set(b0, verdict::up).update(30s), on_primary);
}

TEST(mode_machine, a_recovering_primary_gets_nothing_back) {
    bench b = in_backup();
    EXPECT_EQ(b.set(b0, verdict::recovering).update(1h), on_first_backup);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

TEST(mode_machine, a_mode_with_a_route_lasts_the_dwell_at_least) {
    mode_rules rules = usual();
    rules.hold_down = 1s;
    rules.min_dwell = 10s;
    bench b(rules);
    b.set(b0, verdict::down).update();
    b.set(b0, verdict::up).update();
    EXPECT_THAT(b.machine.next_due(), Optional(start + 10s));
    EXPECT_EQ(b.update(9'999ms), on_first_backup);
    EXPECT_EQ(b.update(1ms), on_primary);
}

TEST(mode_machine, between_backups_the_better_one_gets_its_traffic_back) {
    bench b = in_backup();
    b.set(b1, verdict::down).update();
    EXPECT_EQ(b.set(b1, verdict::up).update(30s), on_first_backup);
}

TEST(mode_machine, a_worse_backend_that_is_up_changes_nothing) {
    bench b;
    EXPECT_EQ(b.update(24h), on_primary);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

TEST(mode_machine, the_next_hold_down_is_known_right_after_a_change) {
    // On the second backup, with both better ones up: the first backup held out first; the primary's
    // hold-down still runs.
    bench b = in_backup();
    ASSERT_EQ(b.set(b1, verdict::down).update(), on_second_backup);
    b.set(b1, verdict::up).update();
    b.now += 20s;
    b.set(b0, verdict::up).update();
    const steady_time primary_up = b.now;
    EXPECT_EQ(b.update(10s), on_first_backup);
    EXPECT_THAT(b.machine.next_due(), Optional(primary_up + 30s));
}

// --- leaving degraded ---

TEST(mode_machine, degraded_is_left_after_its_own_hold_down) {
    bench b = in_degraded();
    b.set(b1, verdict::up).update();
    EXPECT_THAT(b.machine.next_due(), Optional(b.now + 5s));
    EXPECT_EQ(b.update(4'999ms), degraded);
    EXPECT_EQ(b.update(1ms), on_first_backup);
}

TEST(mode_machine, emergency_is_left_the_same_way) {
    mode_rules rules = usual();
    rules.has_cache = false;
    bench b(rules);
    b.all(verdict::down).update();
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.update(4'999ms), emergency);
    EXPECT_EQ(b.update(1ms), on_primary);
}

TEST(mode_machine, degraded_is_left_for_the_best_that_is_up) {
    bench b = in_degraded();
    b.set(b1, verdict::up).update();
    b.now += 4s;
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.update(1s), on_primary);
}

TEST(mode_machine, degraded_is_not_left_for_a_suspect_that_answers_nobody) {
    bench b = in_degraded();
    EXPECT_EQ(b.set(b0, verdict::suspect).update(1h), degraded);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

// Recovery does not depend on a probe alone: one that is wrong must not keep the service degraded for ever.
TEST(mode_machine, degraded_is_left_for_one_that_answers_whatever_its_probes_say) {
    bench b = in_degraded();
    b.set(b1, verdict::suspect).backends[1].answers = true;
    b.update();
    EXPECT_THAT(b.machine.next_due(), Optional(b.now + 5s));
    EXPECT_EQ(b.update(4'999ms), degraded);
    EXPECT_EQ(b.update(1ms), on_first_backup);
}

TEST(mode_machine, one_that_is_up_is_waited_for_before_such_a_one) {
    bench b = in_degraded();
    b.set(b0, verdict::suspect).backends[0].answers = true;
    b.now += 4s;
    b.set(b1, verdict::up).update();
    EXPECT_EQ(b.update(4s), degraded);
    EXPECT_EQ(b.update(1s), on_first_backup);
}

TEST(mode_machine, a_better_backend_that_is_suspect_gets_nothing_back_even_if_it_answers) {
    bench b = in_backup();
    b.set(b0, verdict::suspect).backends[0].answers = true;
    EXPECT_EQ(b.update(1h), on_first_backup);
}

// --- who shares a suspect domain ---

TEST(mode_machine, of_the_backups_one_outside_the_suspect_domain_takes_over) {
    EXPECT_EQ(bench().set(b0, verdict::down).doubt(b1).update(), on_second_backup);
}

TEST(mode_machine, a_sharing_one_is_still_better_than_a_suspect_or_nobody) {
    EXPECT_EQ(bench().set(b0, verdict::down).doubt(b1).set(b2, verdict::suspect).update(), on_first_backup);
    EXPECT_EQ(bench().set(b0, verdict::down).doubt(b1).set(b2, verdict::down).update(), on_first_backup);
}

TEST(mode_machine, traffic_does_not_go_back_to_a_sharing_one_before_it_has_shown_that_it_works) {
    bench b;
    b.all(verdict::down).set(b2, verdict::up).update();
    ASSERT_EQ(b.machine.current(), on_second_backup);
    b.set(b0, verdict::up).doubt(b0).update();
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
    EXPECT_EQ(b.update(1h), on_second_backup);
    b.backends[0].doubtful = false;
    EXPECT_EQ(b.update(), on_primary);
}

TEST(mode_machine, from_one_sharing_backend_it_goes_back_to_a_better_one) {
    bench b = in_backup();
    b.set(b0, verdict::up).doubt(b0).doubt(b1).update();
    EXPECT_EQ(b.update(30s), on_primary);
}

TEST(mode_machine, degraded_is_left_for_one_outside_the_suspect_domain) {
    bench b = in_degraded();
    b.set(b0, verdict::up).doubt(b0).set(b2, verdict::up).update();
    EXPECT_EQ(b.update(5s), on_second_backup);
}

TEST(mode_machine, degraded_is_left_for_a_sharing_one_rather_than_not_at_all) {
    bench b = in_degraded();
    b.set(b0, verdict::up).doubt(b0).update();
    EXPECT_EQ(b.update(5s), on_primary);
}

// --- an operator's order ---

TEST(mode_machine, an_order_is_carried_out_at_once) {
    EXPECT_EQ(bench().pin(override_mode::backup).update(), on_first_backup);
    EXPECT_EQ(bench().pin(override_mode::degraded).update(), degraded);
    EXPECT_EQ(bench().pin(override_mode::emergency).update(), emergency);
    EXPECT_EQ(in_backup().pin(override_mode::primary).update(), on_primary);
    EXPECT_EQ(in_backup().pin(override_mode::transparent).update(), on_primary);
}

TEST(mode_machine, an_order_holds_whatever_happens_to_the_backends) {
    bench b;
    b.pin(override_mode::primary).update();
    EXPECT_EQ(b.all(verdict::down).update(1h), on_primary);
}

TEST(mode_machine, an_ordered_backup_is_the_best_of_the_backups) {
    EXPECT_EQ(bench().set(b1, verdict::down).pin(override_mode::backup).update(), on_second_backup);
    EXPECT_EQ(bench().all(verdict::down).pin(override_mode::backup).update(), on_first_backup);
}

TEST(mode_machine, an_ordered_backup_without_any_is_the_primary) {
    bench b;
    b.backends.resize(1);
    EXPECT_EQ(b.pin(override_mode::backup).update(), on_primary);
}

TEST(mode_machine, an_order_that_ends_leaves_no_hold_down) {
    bench b;
    b.pin(override_mode::degraded).update();
    EXPECT_EQ(b.unpin().update(1ms), on_primary);
}

TEST(mode_machine, an_order_that_ends_leaves_the_best_there_is) {
    bench b;
    b.pin(override_mode::primary).update();
    EXPECT_EQ(b.set(b0, verdict::down).update(1ms), on_primary);
    EXPECT_EQ(b.unpin().update(1ms), on_first_backup);

    bench nobody;
    nobody.pin(override_mode::primary).update();
    EXPECT_EQ(nobody.all(verdict::down).unpin().update(1ms), degraded);
}

// --- another configuration ---

TEST(mode_machine_adopting, goes_on_where_it_was_and_its_times_run_on) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    b.now += 20s;
    EXPECT_FALSE(b.machine.adopt(b.now, usual(), {.active = b1}, b.backends, {}));
    EXPECT_EQ(b.update(9'999ms), on_first_backup);
    EXPECT_EQ(b.update(1ms), on_primary);
}

TEST(mode_machine_adopting, other_rules_hold_from_now_on) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    mode_rules rules = usual();
    rules.hold_down = 1s;
    b.machine.adopt(b.now, rules, {.active = b1}, b.backends, {});
    EXPECT_EQ(b.update(2s), on_primary) << "after the dwell time";
}

TEST(mode_machine_adopting, a_backend_with_another_place_keeps_its_traffic) {
    bench b = in_backup();
    std::swap(b.backends[0], b.backends[1]);
    EXPECT_TRUE(b.machine.adopt(b.now, usual(), {.active = b0}, b.backends, {}));
    EXPECT_EQ(b.machine.current(), on_primary) << "it has been made the primary";
}

TEST(mode_machine_adopting, decides_anew_when_its_backend_is_gone) {
    bench b = in_backup();
    b.set(b0, verdict::up);
    b.backends.erase(b.backends.begin() + 1);
    EXPECT_TRUE(b.machine.adopt(b.now, usual(), {.active = {}}, b.backends, {}));
    EXPECT_EQ(b.machine.current(), on_primary) << "without a hold-down";
}

TEST(mode_machine_adopting, somebody_new_ends_a_mode_without_backend) {
    bench b = in_degraded();
    b.backends.push_back({.state = verdict::unknown, .since = b.now});
    EXPECT_TRUE(b.machine.adopt(b.now, usual(), {.active = {}, .somebody_new = true}, b.backends, {}));
    EXPECT_EQ(b.machine.current(), (placement{mode::backup, backend_index{3}}));
}

TEST(mode_machine_adopting, nobody_new_does_not) {
    bench b = in_degraded();
    EXPECT_FALSE(b.machine.adopt(b.now, usual(), {.active = {}}, b.backends, {}));
    EXPECT_EQ(b.machine.current(), degraded);
}

TEST(mode_machine_adopting, an_order_stays_in_force) {
    bench b;
    b.pin(override_mode::degraded).update();
    EXPECT_FALSE(b.machine.adopt(b.now, usual(), {.active = {}, .somebody_new = true}, b.backends, b.order));
    EXPECT_EQ(b.machine.current(), degraded);
}

TEST(mode_machine_resumed, rests_on_what_another_process_left) {
    EXPECT_EQ(mode_machine(usual(), start - 1min, b1).current(), on_first_backup);
    EXPECT_EQ(mode_machine(usual(), start - 1min, b1).since(), start - 1min);
    EXPECT_EQ(mode_machine(usual(), start - 1min, std::nullopt).current(), degraded);
}

}  // namespace
}  // namespace garde::continuity
