// See push_schedule.hpp.
#include "push_schedule.hpp"

#include <algorithm>

namespace garde::journal {

void push_schedule::grown(steady_time now, urgency how) {
    const steady_time by = how == urgency::at_once ? now : now + rules_.every;
    wanted_ = wanted_ ? std::min(*wanted_, by) : by;
}

std::optional<steady_time> push_schedule::due() const {
    if (!wanted_ || !retry_) return wanted_;
    return std::max(*wanted_, *retry_);
}

void push_schedule::pushed() {
    retry_.reset();
    failing_since_.reset();
    pause_ = {};
}

/// Between half of the pause and all of it: two places that failed together are not asked together again.
void push_schedule::failed(steady_time now, double dice) {
    pause_ = std::min(rules_.longest_pause, pause_.count() == 0 ? rules_.first_pause : 2 * pause_);
    retry_ = now + std::chrono::duration_cast<milliseconds>(pause_ * (0.5 + dice / 2));
    wanted_ = now;
    if (!failing_since_) failing_since_ = now;
}

}  // namespace garde::journal
