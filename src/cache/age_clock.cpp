// See age_clock.hpp.
#include "garde/cache/age_clock.hpp"

#include <algorithm>
#include <utility>

namespace garde::cache {

using std::chrono::seconds;

std::string_view to_text(clock_trust value) {
    switch (value) {
        case clock_trust::good: return "good";
        case clock_trust::behind: return "behind";
        case clock_trust::stepped: return "stepped";
    }
    std::unreachable();
}

/// A moment from before the newest consult says nothing: it only came late.
bool age_clock::behind(wall_time now, steady_time now_steady) const {
    if (!newest_ || now >= newest_->wall - tolerance) return false;
    return !newest_->steady || now_steady >= *newest_->steady;
}

void age_clock::observe(wall_time now, steady_time now_steady) {
    const std::chrono::nanoseconds distance = now.time_since_epoch() - now_steady.time_since_epoch();
    const bool is_behind = behind(now, now_steady);
    // A clock that was wrong from the start is set right by a step: no step counts until it has caught up.
    const bool settled = distance_ && trust_ != clock_trust::behind;
    if (settled && std::chrono::abs(distance - *distance_) > step_limit) {
        trust_ = clock_trust::stepped;
        return;
    }
    distance_ = distance;
    trust_ = is_behind ? clock_trust::behind : clock_trust::good;
}

void age_clock::know(const consult_time& kept) {
    if (!newest_ || kept.wall > newest_->wall) newest_ = kept;
}

seconds age_clock::age(const consult_time& of, wall_time now, steady_time now_steady) const {
    constexpr seconds unproven{-1};
    if (now - of.wall < -tolerance) return unproven;
    if (!of.steady && trust_ != clock_trust::good) return unproven;
    const auto by_wall = std::chrono::floor<seconds>(now - of.wall);
    const auto by_steady = std::chrono::floor<seconds>(now_steady - of.steady.value_or(steady_time{}));
    return std::max({by_wall, by_steady, seconds{0}});
}

}  // namespace garde::cache
