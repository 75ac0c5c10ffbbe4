// Which exercises are under way (continuity/exercise.hpp), by whom and why. Pure; one thread. They end with
// the process: what is rehearsed is not resumed.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/exercise.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::control {

/// What an operator orders: a route or callers, or both.
struct exercise_order {
    std::string service;
    std::string route;                       ///< empty: all
    std::optional<caller::pattern> callers;  ///< nothing: everybody
    wall_time until{};
    std::string by;
    std::string reason;
};

/// One that is under way, or was.
struct exercise_run {
    exercise_order ordered;
    wall_time since{};
    continuity::exercise_ptr what;
};

class exercise_book {
  public:
    static constexpr std::size_t most_of_a_service = 8;

    /// Nothing when the service has most_of_a_service.
    std::optional<exercise_run> begin(exercise_order what, std::string id, wall_time now, steady_time at);

    // They return those that have ended.
    std::vector<exercise_run> end(std::string_view service);
    std::vector<exercise_run> end_due(steady_time now);
    std::vector<exercise_run> end_where(const std::function<bool(const exercise_run&)>& over);

    [[nodiscard]] bool empty() const { return running_.empty(); }
    [[nodiscard]] std::optional<steady_time> next_due() const;
    [[nodiscard]] std::vector<exercise_run> of(std::string_view service) const;

  private:
    std::vector<exercise_run> running_;  ///< in the order in which they began
};

}  // namespace garde::control
