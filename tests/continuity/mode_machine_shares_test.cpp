// The mode machine by hand: hold-downs that grow, the canary and its abort, the ramp out of degraded, and the
// freeze.
#include "mode_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace garde::continuity {
namespace {

using namespace mode_testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

// --- growth on relapse ---

/// Lost at once, back after the hold-down in force. Returns how long that was.
steady_time::duration relapse(bench& b) {
    b.set(b0, verdict::down).update();
    EXPECT_EQ(b.machine.current(), on_first_backup);
    b.set(b0, verdict::up).update();
    const steady_time since = b.now;
    while (b.machine.current() != on_primary && b.now < since + 1h) b.update(1s);
    return b.now - since;
}

TEST(mode_machine_growth, each_relapse_doubles_the_hold_down_up_to_its_longest) {
    bench b;
    for (const auto hold : {30s, 60s, 120s, 240s, 240s}) EXPECT_EQ(relapse(b), hold);
    EXPECT_EQ(b.machine.relapses(), 4);
}

TEST(mode_machine_growth, a_return_that_lasted_is_no_relapse) {
    bench b;
    relapse(b);
    EXPECT_EQ(relapse(b), 60s);
    b.update(4min);
    EXPECT_EQ(relapse(b), 30s);
}

TEST(mode_machine_growth, a_return_that_nearly_lasted_is_one) {
    bench b;
    relapse(b);
    b.update(4min - 1s);
    EXPECT_EQ(relapse(b), 60s);
}

// Primary lost, back, lost again, and then the backup too: the second loss is no new beginning.
TEST(mode_machine_growth, a_loss_before_the_return_forgives_nothing) {
    bench b;
    relapse(b);
    b.set(b0, verdict::down).update();
    EXPECT_EQ(b.machine.relapses(), 1);
    b.set(b1, verdict::down).update();
    ASSERT_EQ(b.machine.current(), on_second_backup);
    EXPECT_EQ(b.machine.relapses(), 1);
    EXPECT_EQ(b.machine.hold_down(), 60s);
}

TEST(mode_machine_growth, the_hold_down_of_degraded_grows_to_the_plain_one_at_most) {
    bench b;
    b.backends.resize(1);
    for (const auto hold : {5s, 10s, 20s, 30s, 30s}) {
        b.set(b0, verdict::down).update();
        ASSERT_EQ(b.machine.current(), degraded);
        b.set(b0, verdict::up).update();
        EXPECT_EQ(b.machine.hold_before_leaving(), hold);
        EXPECT_EQ(b.update(hold - 1ms), degraded);
        EXPECT_EQ(b.update(1ms), on_primary);
    }
}

TEST(mode_machine_growth, going_on_to_a_worse_backup_is_no_return) {
    bench b = in_backup();
    b.set(b1, verdict::down).update();
    EXPECT_EQ(b.machine.current(), on_second_backup);
    EXPECT_EQ(b.machine.relapses(), 0);
}

// --- the canary ---

/// In backup, with the primary's hold-down just over.
bench with_canary() {
    bench b = in_backup(with_shares());
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.run(30s), on_first_backup);
    return b;
}

TEST(mode_machine_canary, a_share_goes_back_first_then_more_then_all) {
    bench b = with_canary();
    for (const int percent : {5, 25, 50}) {
        EXPECT_THAT(b.machine.returning(), Optional(canary{b0, percent}));
        EXPECT_THAT(b.machine.next_due(), Optional(b.now + 5s));
        EXPECT_THAT(b.machine.share_until(), Optional(b.now + 5s));
        EXPECT_EQ(b.update(4'999ms), on_first_backup);
        b.update(1ms);
    }
    EXPECT_EQ(b.machine.current(), on_primary);
    EXPECT_EQ(b.machine.returning(), std::nullopt);
    EXPECT_EQ(b.machine.share_until(), std::nullopt);
    EXPECT_EQ(b.machine.admitted_percent(), 100);
}

TEST(mode_machine_canary, there_is_none_before_the_hold_down_is_over) {
    bench b = in_backup(with_shares());
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.update(29'999ms), on_first_backup);
    EXPECT_EQ(b.machine.returning(), std::nullopt);
}

TEST(mode_machine_canary, everybody_else_is_asked_as_before) {
    EXPECT_THAT(with_canary().attempts(), ElementsAre(b1, b0, b2));
    EXPECT_EQ(with_canary().machine.admitted_percent(), 100);
}

TEST(mode_machine_canary, a_failure_ends_it_at_once_and_makes_the_next_one_wait_longer) {
    for (const auto bad : {verdict::suspect, verdict::down}) {
        bench b = with_canary();
        b.update(6s);
        EXPECT_THAT(b.machine.returning(), Optional(canary{b0, 25}));
        EXPECT_EQ(b.set(b0, bad).update(), on_first_backup);
        EXPECT_EQ(b.machine.returning(), std::nullopt);
        EXPECT_EQ(b.machine.relapses(), 1);
        b.set(b0, verdict::up).update();
        EXPECT_EQ(b.run(60s - 1ms), on_first_backup);
        EXPECT_EQ(b.machine.returning(), std::nullopt);
        b.run(1ms);
        EXPECT_THAT(b.machine.returning(), Optional(canary{b0, 5})) << "it begins anew";
    }
}

TEST(mode_machine_canary, when_the_present_backend_goes_down_the_returning_one_takes_over_at_once) {
    bench b = with_canary();
    EXPECT_EQ(b.set(b1, verdict::down).update(), on_primary);
    EXPECT_EQ(b.machine.returning(), std::nullopt);
}

TEST(mode_machine_canary, an_order_ends_it) {
    bench b = with_canary();
    b.pin(override_mode::backup).update();
    EXPECT_EQ(b.machine.returning(), std::nullopt);
    EXPECT_EQ(b.unpin().update(), on_primary);
}

TEST(mode_machine_canary, another_configuration_begins_it_anew) {
    bench b = with_canary();
    b.update(6s);
    b.machine.adopt(b.now, with_shares(), {.active = b1}, b.backends, {});
    EXPECT_THAT(b.machine.returning(), Optional(canary{b0, 5}));
}

TEST(mode_machine_canary, a_machine_that_was_not_asked_for_long_is_where_it_would_be) {
    bench b = with_canary();
    b.update(12s);
    EXPECT_THAT(b.machine.returning(), Optional(canary{b0, 50}));
    EXPECT_EQ(b.update(1h), on_primary);
}

// --- the ramp out of degraded ---

TEST(mode_machine_ramp, while_the_hold_down_runs_a_small_share_is_let_through) {
    bench b = in_degraded(with_shares());
    EXPECT_EQ(b.machine.admitted_percent(), 100) << "of nobody to ask";
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.machine.admitted_percent(), 5);
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
}

TEST(mode_machine_ramp, also_where_no_shares_are_configured) {
    mode_rules rules = with_shares();
    rules.shares = {};
    bench b = in_degraded(rules);
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.machine.admitted_percent(), 5);
    EXPECT_EQ(b.update(5s), on_primary);
    EXPECT_EQ(b.machine.admitted_percent(), 100);
}

TEST(mode_machine_ramp, the_mode_changes_at_once_and_the_share_grows) {
    bench b = in_degraded(with_shares());
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.update(5s), on_primary);
    for (const int percent : {5, 25, 50}) {
        EXPECT_EQ(b.machine.admitted_percent(), percent);
        EXPECT_THAT(b.machine.next_due(), Optional(b.now + 1s));
        EXPECT_THAT(b.machine.share_until(), Optional(b.now + 1s));
        EXPECT_EQ(b.update(1s), on_primary);
    }
    EXPECT_EQ(b.machine.admitted_percent(), 100);
    EXPECT_EQ(b.machine.next_due(), std::nullopt);
}

TEST(mode_machine_ramp, who_has_nothing_else_to_give_lets_everybody_through) {
    mode_rules rules = with_shares();
    rules.stands_in = false;
    bench b = in_degraded(rules);
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.machine.admitted_percent(), 100);
    EXPECT_EQ(b.update(5s), on_primary);
    EXPECT_EQ(b.machine.admitted_percent(), 100);
}

TEST(mode_machine_ramp, between_backends_there_is_none) {
    EXPECT_EQ(in_backup(with_shares()).machine.admitted_percent(), 100);
}

TEST(mode_machine_ramp, ends_with_its_backend) {
    bench b = in_degraded(with_shares());
    b.set(b0, verdict::up).update();
    b.update(5s);
    EXPECT_EQ(b.machine.admitted_percent(), 5);
    EXPECT_EQ(b.set(b0, verdict::down).update(), degraded);
    EXPECT_EQ(b.machine.share_until(), std::nullopt);
}

TEST(mode_machine_ramp, an_order_ends_it) {
    bench b = in_degraded(with_shares());
    b.set(b0, verdict::up).update();
    b.update(5s);
    b.pin(override_mode::primary).update();
    EXPECT_EQ(b.machine.admitted_percent(), 100);
}

// --- the freeze ---

mode_rules four_an_hour(mode_rules rules = usual()) {
    rules.switchovers_per_hour = 4;
    rules.longest_hold_down = rules.hold_down;
    return rules;
}

/// Two outages with their returns, the first at `start`: four changes.
bench at_the_bound() {
    bench b(four_an_hour());
    for (int i = 0; i < 2; ++i) {
        b.set(b0, verdict::down).update();
        b.set(b0, verdict::up).update();
        EXPECT_EQ(b.update(30s), on_primary);
    }
    EXPECT_FALSE(b.machine.frozen());
    return b;
}

TEST(mode_machine_freeze, at_the_bound_the_mode_stays_and_attempts_go_on) {
    bench b = at_the_bound();
    EXPECT_EQ(b.set(b0, verdict::down).update(), on_primary);
    EXPECT_TRUE(b.machine.frozen());
    EXPECT_THAT(b.machine.frozen_until(), Optional(start + 1h));
    EXPECT_THAT(b.machine.next_due(), Optional(start + 1h));
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2)) << "not who is down";
}

TEST(mode_machine_freeze, a_frozen_mode_whose_backend_is_back_is_right_again) {
    bench b = at_the_bound();
    b.set(b0, verdict::down).update();
    EXPECT_EQ(b.set(b0, verdict::up).update(), on_primary);
    EXPECT_FALSE(b.machine.frozen());
    EXPECT_EQ(b.machine.frozen_until(), std::nullopt);
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_freeze, thaws_when_an_hour_has_fewer_changes) {
    bench b = at_the_bound();
    b.set(b0, verdict::down).update();
    b.now = start;
    EXPECT_EQ(b.update(1h - 1ms), on_primary);
    EXPECT_EQ(b.update(1ms), on_first_backup);
    EXPECT_FALSE(b.machine.frozen());
}

TEST(mode_machine_freeze, with_everybody_down_a_frozen_mode_stays_too_and_nobody_is_asked) {
    bench b = at_the_bound();
    EXPECT_EQ(b.all(verdict::down).update(), on_primary);
    EXPECT_TRUE(b.machine.frozen());
    EXPECT_THAT(b.attempts(), IsEmpty());
}

TEST(mode_machine_freeze, a_frozen_degraded_lets_everybody_through) {
    mode_rules rules = four_an_hour(with_shares());
    rules.switchovers_per_hour = 1;
    bench b = in_degraded(rules);
    b.set(b1, verdict::up).update();
    EXPECT_EQ(b.update(5s), degraded);
    EXPECT_TRUE(b.machine.frozen());
    EXPECT_EQ(b.machine.admitted_percent(), 100);
    EXPECT_THAT(b.attempts(), ElementsAre(b1));
}

TEST(mode_machine_freeze, people_go_on) {
    bench b = at_the_bound();
    b.set(b0, verdict::down).update();
    EXPECT_EQ(b.pin(override_mode::backup).update(), on_first_backup);
    EXPECT_FALSE(b.machine.frozen());
    EXPECT_EQ(b.pin(override_mode::degraded).update(), degraded);
    EXPECT_EQ(b.unpin().update(), on_first_backup);
}

TEST(mode_machine_freeze, what_people_change_does_not_count) {
    bench b(four_an_hour());
    for (int i = 0; i < 10; ++i) {
        b.pin(override_mode::degraded).update();
        b.unpin().update();
    }
    EXPECT_EQ(b.set(b0, verdict::down).update(), on_first_backup);
}

TEST(mode_machine_freeze, a_loss_during_it_is_one_relapse_however_often_it_is_looked_at) {
    bench b = at_the_bound();
    const int before = b.machine.relapses();
    b.set(b0, verdict::down);
    for (int i = 0; i < 10; ++i) b.update(1s);
    EXPECT_EQ(b.machine.relapses(), before + 1);
}

}  // namespace
}  // namespace garde::continuity
