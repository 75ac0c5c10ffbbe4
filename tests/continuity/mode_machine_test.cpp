// The mode machine by hand: worse at once, better after the hold-down, operators' orders, and whom a request
// is to ask.
#include "garde/continuity/mode_machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <ostream>
#include <vector>

namespace garde::continuity {

void PrintTo(const placement& value, std::ostream* out) {
    *out << to_text(value.current);
    if (value.active) *out << " on backend " << to_number(*value.active);
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr backend_index b0{0};
constexpr backend_index b1{1};
constexpr backend_index b2{2};

const placement on_primary{mode::primary, b0};
const placement on_first_backup{mode::backup, b1};
const placement on_second_backup{mode::backup, b2};
const placement degraded{mode::degraded, std::nullopt};
const placement emergency{mode::emergency, std::nullopt};

/// A machine over three backends, all up since long, and the time.
struct bench {
    explicit bench(
        mode_rules with = {.hold_down = 30s, .degraded_hold_down = 5s, .min_dwell = 2s, .has_cache = true})
        : machine(with, start) {}

    mode_machine machine;
    std::vector<backend_view> backends = std::vector<backend_view>(3, {verdict::up, start - 1h});
    std::optional<override_order> order;
    steady_time now = start;

    bench& set(backend_index which, verdict state) {
        backends[to_number(which)] = {state, now};
        return *this;
    }
    bench& all(verdict state) { return set(b0, state).set(b1, state).set(b2, state); }
    bench& pin(override_mode to) {
        order = override_order{to, false};
        return *this;
    }
    bench& pin_strictly(override_mode to) {
        order = override_order{to, true};
        return *this;
    }
    bench& unpin() {
        order.reset();
        return *this;
    }
    const placement& update(milliseconds passed = 0ms) {
        now += passed;
        machine.update(now, backends, order);
        return machine.current();
    }
    [[nodiscard]] std::vector<backend_index> attempts() const { return machine.attempts(backends, order); }
};

bench in_backup() {
    bench b;
    EXPECT_EQ(b.set(b0, verdict::down).update(10s), on_first_backup);
    return b;
}

bench in_degraded() {
    bench b;
    EXPECT_EQ(b.all(verdict::down).update(10s), degraded);
    return b;
}

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
    bench b(mode_rules{.has_cache = false});
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
    bench b(mode_rules{.hold_down = 1s, .degraded_hold_down = 1s, .min_dwell = 10s, .has_cache = true});
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
    bench b(mode_rules{.degraded_hold_down = 5s, .has_cache = false});
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

TEST(mode_machine, degraded_is_not_left_for_a_suspect) {
    bench b = in_degraded();
    EXPECT_EQ(b.set(b0, verdict::suspect).update(1h), degraded);
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

// --- whom a request is to ask ---

TEST(mode_machine_attempts, all_eligible_in_order) {
    EXPECT_THAT(bench().attempts(), ElementsAre(b0, b1, b2));
    EXPECT_THAT(bench().set(b1, verdict::down).attempts(), ElementsAre(b0, b2));
    EXPECT_THAT(bench().set(b1, verdict::recovering).attempts(), ElementsAre(b0, b2));
    EXPECT_THAT(bench().set(b2, verdict::unknown).attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_attempts, the_active_backend_is_first_then_the_others_in_order) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b0, b2));
}

TEST(mode_machine_attempts, a_suspect_goes_last) {
    bench b;
    b.set(b0, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2, b0));
    b.set(b1, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b2, b0, b1));
}

TEST(mode_machine_attempts, nobody_in_degraded_and_emergency) {
    EXPECT_THAT(in_degraded().attempts(), IsEmpty());
    for (const auto to : {override_mode::degraded, override_mode::emergency}) {
        bench b;
        b.pin(to).update();
        EXPECT_THAT(b.attempts(), IsEmpty());
    }
}

TEST(mode_machine_attempts, what_an_operator_names_is_asked_first_whatever_is_thought_of_it) {
    bench b;
    b.set(b0, verdict::down).pin(override_mode::primary).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
    b.set(b0, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_attempts, a_strict_order_for_the_primary_asks_nobody_else) {
    bench b;
    b.pin_strictly(override_mode::primary).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
    b.all(verdict::down).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
}

TEST(mode_machine_attempts, a_strict_order_for_a_backup_leaves_the_primary_alone) {
    bench b;
    b.pin_strictly(override_mode::backup).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2));
}

TEST(mode_machine_attempts, an_order_for_a_backup_falls_back_to_the_primary) {
    bench b;
    b.pin(override_mode::backup).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b0, b2));
}

TEST(mode_machine_attempts, transparent_asks_the_primary_only) {
    bench b;
    b.pin(override_mode::transparent).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
    b.all(verdict::down).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
}

}  // namespace
}  // namespace garde::continuity
