// An attempt plan with a budget for its retries, for tests that drive it by hand.
#pragma once

#include "garde/continuity/attempt_plan.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <span>
#include <variant>
#include <vector>

namespace garde::continuity::plan_testing {

using namespace std::chrono_literals;

inline constexpr steady_time arrived = steady_time(std::chrono::hours(1));
inline constexpr backend_index first{0};
inline constexpr backend_index second{1};
inline constexpr backend_index third{2};
inline const std::vector<backend_index> three{first, second, third};

inline constexpr outcome answered{outcome_kind::answered, reason::none};
inline constexpr outcome unreachable{outcome_kind::failed, reason::connect_failed};
inline constexpr outcome timed_out{outcome_kind::failed, reason::timed_out};
inline constexpr outcome broke_off{outcome_kind::failed, reason::reset};
inline constexpr outcome unavailable{outcome_kind::failed, reason::fault_unavailable};
inline constexpr outcome replayed{outcome_kind::inconclusive, reason::possible_replay};

inline attempt_rules rules(replay replays) {
    return {.attempt_timeout = 3s, .exchange_timeout = 10s, .replays = replays};
}

/// A plan with a budget for its retries that is not spent.
struct planned {
    planned(std::span<const backend_index> whom, const attempt_rules& with, steady_time at)
        : plan(whom, with, at) {}

    attempt_plan plan;
    retry_budget budget;

    attempt_action start() { return plan.start(); }
    attempt_action resume(steady_time now, const outcome& result) { return plan.resume(now, result, budget); }
    void limit_life(steady_time ends) { plan.limit_life(ends); }
    [[nodiscard]] const backend_list& tried() const { return plan.tried(); }
};

/// The attempt that an action orders; a test failure when it orders none.
inline try_backend order_in(const attempt_action& action) {
    if (const auto* order = std::get_if<try_backend>(&action)) return *order;
    ADD_FAILURE() << "no attempt was ordered";
    return {};
}

inline bool delivers(const attempt_action& action) {
    return std::holds_alternative<deliver>(action);
}

inline bool ends(const attempt_action& action) {
    return std::holds_alternative<exhausted>(action);
}

}  // namespace garde::continuity::plan_testing
