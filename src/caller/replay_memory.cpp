// See replay_memory.hpp.
#include "replay_memory.hpp"

namespace garde::caller {

replay_memory::answer replay_memory::remember(const digest256& message, wall_time until, wall_time now) {
    while (!by_end_.empty() && by_end_.top().until < now) {
        forgotten_until_ = by_end_.top().until;
        known_.erase(by_end_.top().message);
        by_end_.pop();
    }
    if (known_.contains(message)) return answer::seen;
    if (until <= forgotten_until_) return answer::past;
    if (known_.size() >= bound_) return answer::full;
    known_.insert(message);
    by_end_.push({until, message});
    return answer::fresh;
}

}  // namespace garde::caller
