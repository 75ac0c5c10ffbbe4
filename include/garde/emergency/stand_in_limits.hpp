// How often a stand-in rule may decide in an hour: for all, and for each caller. Exact: whatever happens at
// the same time, a limit is never exceeded in any sixty minutes. Pure but for its lock.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/config/settings.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace garde::emergency {

using config::hourly_limits;

/// Any thread. Its lock is held for some counting, and only asked for where no backend answers and a rule has
/// a limit: never in the path of a backend's answer.
class stand_in_limits {
  public:
    /// Callers that are remembered; while so many have been active within the last hour, others are over
    /// their limit.
    static constexpr std::size_t most_callers = 65'536;

    /// One more for this rule and caller; false, and nothing is counted, when that would be over a limit.
    /// `rule` names the rule over reloads; the unverified (an empty `caller`) are counted as one.
    bool take(std::string_view rule, std::string_view caller, const hourly_limits& limits, steady_time now);

    /// How many were taken within the last hour, or a little longer.
    [[nodiscard]] std::uint32_t taken(std::string_view rule, std::string_view caller, steady_time now) const;

  private:
    /// Counts by parts of five minutes. Thirteen of them always cover an hour, so what counts is never less
    /// than what was taken in the last sixty minutes; at most five minutes more.
    class hour {
      public:
        static constexpr std::chrono::minutes part{5};
        [[nodiscard]] std::uint32_t sum(std::int64_t at_part) const;
        void add(std::int64_t at_part);

      private:
        static constexpr std::size_t parts = 13;
        std::int64_t newest_ = 0;
        std::array<std::uint32_t, parts> counts_{};
    };

    [[nodiscard]] hour* of_caller(const std::string& key, std::int64_t at_part);

    mutable std::mutex mutex_;
    std::unordered_map<std::string, hour> of_rule_;    // by rule
    std::unordered_map<std::string, hour> of_caller_;  // by rule and caller
    std::int64_t swept_ = 0;                           ///< the part in which idle callers were last forgotten
};

}  // namespace garde::emergency
