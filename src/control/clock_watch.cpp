// See clock_watch.hpp.
#include "garde/control/clock_watch.hpp"

#include <algorithm>
#include <utility>

namespace garde::control {

std::optional<std::chrono::nanoseconds> clock_watch::look(const clock_reading& now) {
    const auto passed = now.since_boot - std::exchange(looked_, now.since_boot);
    const auto away = offset_of(now) - offset_;
    if (away > worth_telling || away < -worth_telling) {
        offset_ += away;
        return away;
    }
    const auto drift = passed / 1'000'000 * drift_per_million;
    offset_ += std::clamp(away, -drift, drift);
    return std::nullopt;
}

}  // namespace garde::control
