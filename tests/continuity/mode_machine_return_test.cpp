// Where the way back leads when several backends come up one after the other, and what a frozen mode does
// when its backend is lost or another configuration comes.
#include "mode_bench.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;
using namespace mode_testing;

/// On the second backup, everything else down.
bench on_the_last(const mode_rules& rules) {
    bench b(rules);
    b.set(b0, verdict::down).set(b1, verdict::down);
    EXPECT_EQ(b.update(10s), on_second_backup);
    b.update(1h);  // long enough for all relapses to be forgiven
    return b;
}

TEST(mode_machine_return, no_backup_takes_over_that_would_be_left_at_once) {
    bench b = on_the_last(with_shares());
    b.set(b1, verdict::up).update();
    b.update(5s);
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.run(29s), on_second_backup);
    EXPECT_EQ(b.machine.returning(), std::nullopt)
        << "the first backup's hold-down is over, but not worth a change";
    EXPECT_EQ(b.run(1s), on_second_backup);
    EXPECT_EQ(b.machine.returning(), (canary{b0, 5}));
    EXPECT_EQ(b.run(15s), on_primary);
}

TEST(mode_machine_return, a_backup_takes_over_when_the_primary_is_long_in_coming) {
    bench b = on_the_last(with_shares());
    b.set(b1, verdict::up).update();
    b.update(18s);
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.run(12s), on_second_backup);
    EXPECT_EQ(b.machine.returning(), (canary{b1, 5}));
    EXPECT_EQ(b.run(15s), on_first_backup);
    EXPECT_EQ(b.run(30s), on_primary);
}

TEST(mode_machine_return, a_primary_whose_hold_down_begins_again_keeps_nobody_waiting) {
    bench b = on_the_last(usual());
    b.set(b1, verdict::up).update();
    b.update(1s);
    b.set(b0, verdict::up).update();
    EXPECT_EQ(b.run(29s), on_second_backup);
    EXPECT_EQ(b.set(b0, verdict::down).update(), on_first_backup);
}

mode_rules one_change_an_hour() {
    mode_rules out = with_shares();
    out.switchovers_per_hour = 1;
    return out;
}

/// On the first backup with the bound reached; the primary carries its first share.
bench frozen_with_shares() {
    bench b = in_backup(one_change_an_hour());
    b.set(b0, verdict::up).update();
    b.run(30s);
    EXPECT_EQ(b.machine.returning(), (canary{b0, 5}));
    return b;
}

TEST(mode_machine_return, shares_end_when_a_frozen_mode_loses_its_backend) {
    bench b = frozen_with_shares();
    b.set(b1, verdict::down).update(1s);
    ASSERT_TRUE(b.machine.frozen());
    EXPECT_EQ(b.machine.returning(), std::nullopt);
    b.set(b0, verdict::down).update(1s);
    EXPECT_EQ(b.machine.returning(), std::nullopt)
        << "a share of the requests would go to a backend that is down";
    EXPECT_EQ(b.attempts(), std::vector{b2});
}

TEST(mode_machine_return, a_frozen_mode_is_called_by_what_another_configuration_makes_of_it) {
    bench b = frozen_with_shares();
    b.set(b1, verdict::down).update(1s);
    ASSERT_TRUE(b.machine.frozen());
    // The backup that it rests on is the primary now.
    std::swap(b.backends[0], b.backends[1]);
    EXPECT_TRUE(b.machine.adopt(b.now, one_change_an_hour(), {.active = b0, .somebody_new = false},
                                b.backends, std::nullopt));
    EXPECT_TRUE(b.machine.frozen());
    EXPECT_EQ(b.machine.current(), on_primary);
    EXPECT_EQ(b.machine.since(), b.now);
}

TEST(mode_machine_return, without_a_backend_another_configuration_says_whether_there_is_a_cache) {
    bench b = in_degraded(one_change_an_hour());
    mode_rules without_cache = one_change_an_hour();
    without_cache.has_cache = false;
    EXPECT_TRUE(b.machine.adopt(b.now, without_cache, {.active = std::nullopt, .somebody_new = false},
                                b.backends, std::nullopt));
    EXPECT_EQ(b.machine.current(), emergency);
}

TEST(mode_machine_return, it_wants_to_be_asked_for_whatever_comes_first) {
    bench b = in_degraded(with_shares());
    b.set(b1, verdict::up).update();
    ASSERT_EQ(b.run(5s), on_first_backup);
    b.set(b0, verdict::up).update();
    ASSERT_TRUE(b.machine.next_due());
    EXPECT_LE(*b.machine.next_due(), b.now + 1s)
        << "the next share, long before the primary's hold-down is over";
}

// --- the bound that it publishes ---

TEST(mode_machine_return, on_the_primary_the_bound_is_a_hold_down_and_twice_the_dwell) {
    EXPECT_EQ(bench().machine.recovery_bound(0), 30s + 2 * 2s);
}

TEST(mode_machine_return, without_a_backend_leaving_that_mode_comes_first) {
    EXPECT_EQ(in_degraded().machine.recovery_bound(0), 5s + 30s + 2 * 2s);
}

TEST(mode_machine_return, a_loss_yet_to_come_makes_it_longer) {
    EXPECT_EQ(bench().machine.recovery_bound(1), 2 * 5s + 2 * 30s + 2 * 2s) << "and both hold-downs grow";
}

}  // namespace
}  // namespace garde::continuity
