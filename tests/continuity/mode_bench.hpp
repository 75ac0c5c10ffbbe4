// A mode machine over three backends, an operator's order and the time, for tests that drive it by hand.
#pragma once

#include "garde/continuity/mode_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>
#include <vector>

namespace garde::continuity {

inline void PrintTo(const placement& value, std::ostream* out) {
    *out << to_text(value.current);
    if (value.active) *out << " on backend " << to_number(*value.active);
}

inline void PrintTo(const canary& value, std::ostream* out) {
    *out << value.percent << "% to backend " << to_number(value.backend);
}

}  // namespace garde::continuity

namespace garde::continuity::mode_testing {

using namespace std::chrono_literals;

inline constexpr steady_time start = steady_time(std::chrono::hours(1));
inline constexpr backend_index b0{0};
inline constexpr backend_index b1{1};
inline constexpr backend_index b2{2};

inline const placement on_primary{mode::primary, b0};
inline const placement on_first_backup{mode::backup, b1};
inline const placement on_second_backup{mode::backup, b2};
inline const placement degraded{mode::degraded, std::nullopt};
inline const placement emergency{mode::emergency, std::nullopt};

/// All at once: shares have tests of their own.
inline mode_rules usual() {
    mode_rules out;
    out.hold_down = 30s;
    out.longest_hold_down = 4min;
    out.degraded_hold_down = 5s;
    out.min_dwell = 2s;
    out.shares = {};
    out.canary_step = 5s;
    out.ramp_step = 1s;
    out.has_cache = true;
    return out;
}

inline mode_rules with_shares() {
    mode_rules out = usual();
    out.shares = {5, 25, 50};
    out.stands_in = true;
    return out;
}

/// A machine over three backends, all up since long, and the time.
struct bench {
    explicit bench(const mode_rules& with = usual()) : machine(with, start) {}

    mode_machine machine;
    std::vector<backend_view> backends =
        std::vector<backend_view>(3, {.state = verdict::up, .since = start - 1h});
    std::optional<override_order> order;
    steady_time now = start;

    bench& set(backend_index which, verdict state) {
        backends[to_number(which)] = {.state = state, .since = now};
        return *this;
    }
    /// Shares a suspect domain.
    bench& doubt(backend_index which) {
        backends[to_number(which)].doubtful = true;
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
    /// Asks the machine whenever it wants to be asked, until so much time has passed.
    const placement& run(milliseconds time) {
        const steady_time end = now + time;
        while (machine.next_due() && *machine.next_due() <= end) {
            now = std::max(now, *machine.next_due());
            machine.update(now, backends, order);
        }
        now = end;
        return update();
    }
    [[nodiscard]] std::vector<backend_index> attempts() const { return machine.attempts(backends, order); }
};

inline bench in_backup(const mode_rules& rules = usual()) {
    bench b(rules);
    EXPECT_EQ(b.set(b0, verdict::down).update(10s), on_first_backup);
    return b;
}

inline bench in_degraded(const mode_rules& rules = usual()) {
    bench b(rules);
    EXPECT_EQ(b.all(verdict::down).update(10s), degraded);
    return b;
}

}  // namespace garde::continuity::mode_testing
