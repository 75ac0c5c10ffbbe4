// A brain that lives through something, and what operators are told of it.
#pragma once

#include "garde/continuity/brain.hpp"
#include "garde/control/explanation.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace garde::admin {

using continuity::backend_index;
using continuity::reason;
using namespace std::chrono_literals;

constexpr backend_index dc1{0};
constexpr backend_index dc2{1};
constexpr backend_index dc3{2};

class explaining : public testing::Test {
  protected:
    /// The time goes on only by wait(); all begins at 09:12:00.
    static constexpr steady_time start{std::chrono::hours(1)};
    const wall_time start_on_wall = *parse_rfc3339("2030-05-06T09:12:00Z");
    steady_time now = start;

    static continuity::brain_rules usual_rules() {
        continuity::brain_rules out{
            .backends = std::vector<continuity::backend_rules>(3),
            .modes = {.hold_down = 30s, .degraded_hold_down = 5s, .stands_in = true, .has_cache = true},
            .procedure = {},
            .references = false};
        for (auto& one : out.backends) one.detector = {.rise = 2, .fall = 3, .traffic_fall = 5};
        return out;
    }
    continuity::service_brain brain{usual_rules(), start};
    bool has_cache = true;
    bool has_procedure = true;
    std::optional<control::override_view> order;

    void begin(const continuity::brain_rules& rules) { brain = continuity::service_brain(rules, now); }
    void wait(milliseconds span) {
        now += span;
        (void)brain.tick(now);
    }
    void passes(backend_index which, int times = 1) {
        for (int i = 0; i < times; ++i) (void)brain.probe_passed(now, which);
    }
    void fails(backend_index which, int times = 3) {
        for (int i = 0; i < times; ++i) (void)brain.probe_failed(now, which, reason::connect_failed);
    }
    void all_up() {
        for (const auto one : {dc1, dc2, dc3}) passes(one);
    }
    /// So many requests fail, each of another caller.
    void loses_requests(backend_index which, int callers) {
        for (int i = 1; i <= callers; ++i)
            (void)brain.traffic_showed(now, which,
                                       {.what = continuity::showed::failed,
                                        .why = reason::timed_out,
                                        .caller = static_cast<std::uint64_t>(i),
                                        .request = static_cast<std::uint64_t>(i)});
    }
    void trial(backend_index which, continuity::showed what) {
        (void)brain.traffic_showed(
            now, which,
            {.what = what, .why = reason::timed_out, .caller = 99, .as = continuity::errand::trial});
    }
    void pin(continuity::override_mode mode, std::optional<milliseconds> span = {}) {
        order = control::override_view{.pinned = mode,
                                       .strict = false,
                                       .by = "anne",
                                       .reason = "rehearsal",
                                       .since = on_wall(now),
                                       .until = {}};
        std::optional<steady_time> until;
        if (span) {
            until = now + *span;
            order->until = on_wall(*until);
        }
        (void)brain.set_override(
            now, {.order = {mode, false}, .by = "anne", .reason = "rehearsal", .until = until});
    }

    [[nodiscard]] wall_time on_wall(steady_time when) const { return start_on_wall + (when - start); }
    [[nodiscard]] control::service_explanation explained() const {
        return {.name = "consult",
                .backends = {"dc1", "dc2", "dc3"},
                .what = brain.explain(now),
                .order = order,
                .in_effect = on_wall(now),
                .has_cache = has_cache,
                .has_procedure = has_procedure,
                .at_steady = now,
                .at = on_wall(now)};
    }
};

}  // namespace garde::admin
