// The brain of one service and the time, for tests that drive it by hand.
#pragma once

#include "garde/continuity/brain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace garde::continuity::brain_testing {

using namespace std::chrono_literals;

inline constexpr steady_time start = steady_time(std::chrono::hours(48));
inline constexpr backend_index b0{0};
inline constexpr backend_index b1{1};
inline constexpr backend_index b2{2};

using actions = std::vector<brain_action>;

template <class Action>
std::vector<Action> only(const actions& all) {
    std::vector<Action> out;
    for (const auto& one : all)
        if (const auto* found = std::get_if<Action>(&one)) out.push_back(*found);
    return out;
}

/// One backend for each of `domains`; traffic goes back all at once.
inline brain_rules rules_for(const std::vector<fault_domains>& domains) {
    brain_rules out;
    for (const auto& one : domains)
        out.backends.push_back({.detector = {.rise = 2,
                                             .fall = 3,
                                             .traffic_fall = 5,
                                             .distinct_callers = 3,
                                             .failure_rate = 25,
                                             .failure_volume = 20,
                                             .failure_window = 10s,
                                             .ejection_time = 10s,
                                             .longest_ejection = 5min,
                                             .trial_interval = 1s,
                                             .trials_possible = true},
                                .domains = one,
                                .deep_probe = false});
    out.modes.hold_down = 30s;
    out.modes.degraded_hold_down = 5s;
    out.modes.min_dwell = 2s;
    out.modes.shares = {};
    out.modes.has_cache = true;
    return out;
}

inline brain_rules usual_rules(std::size_t backends = 2) {
    return rules_for(std::vector<fault_domains>(backends));
}

/// A primary and a backup on one storage, a second backup on another.
inline brain_rules two_storages() {
    return rules_for({{{"storage", "san-a"}}, {{"storage", "san-a"}}, {{"storage", "san-b"}}});
}

/// The time goes on by a second with each event.
struct bench {
    explicit bench(const brain_rules& rules = usual_rules()) : brain(rules, start) {}

    service_brain brain;
    steady_time now = start;
    std::uint64_t requests = 0;  ///< so far; each is another caller's

    actions passes(backend_index which, int times = 1) {
        return collect(times, [&] { return brain.probe_passed(now, which); });
    }
    actions fails(backend_index which, int times = 1) {
        return collect(times, [&] { return brain.probe_failed(now, which, reason::connect_failed); });
    }
    actions attempts_fail(backend_index which, int times = 1, insurer asked = insurer::unknown) {
        return collect(times, [&] {
            ++requests;
            return brain.traffic_showed(now, which,
                                        {.what = showed::failed,
                                         .why = reason::timed_out,
                                         .caller = requests,
                                         .request = requests,
                                         .asked = asked});
        });
    }
    actions answers(backend_index which, std::uint64_t count = 1) {
        return collect(1,
                       [&] { return brain.traffic_answered(now, which, {.count = count, .latencies = {}}); });
    }
    /// The request with the ticket, at the backend that it is for.
    actions trial(showed what) {
        if (!brain.posture().trial) {
            ADD_FAILURE() << "no trial is offered";
            return {};
        }
        ++requests;
        const sighting seen{.what = what,
                            .why = what == showed::answered ? reason::none : reason::timed_out,
                            .caller = requests,
                            .request = requests,
                            .as = errand::trial};
        return brain.traffic_showed(now, brain.posture().trial->backend, seen);
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
    [[nodiscard]] verdict verdict_of(backend_index which) const { return brain.detector(which).current(); }

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

inline bench all_up(const brain_rules& rules = usual_rules()) {
    bench b(rules);
    for (std::size_t i = 0; i < rules.backends.size(); ++i) b.passes(static_cast<backend_index>(i));
    return b;
}

inline bench in_backup(const brain_rules& rules = usual_rules()) {
    bench b = all_up(rules);
    b.fails(b0, 3);
    EXPECT_EQ(b.current(), mode::backup);
    return b;
}

inline bench in_degraded(const brain_rules& rules = usual_rules()) {
    bench b = in_backup(rules);
    b.fails(b1, 3);
    EXPECT_EQ(b.current(), mode::degraded);
    return b;
}

}  // namespace garde::continuity::brain_testing
