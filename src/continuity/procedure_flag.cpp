// See procedure_flag.hpp.
#include "garde/continuity/procedure_flag.hpp"

namespace garde::continuity {

void procedure_flag::become(bool active, steady_time now) {
    active_ = active;
    since_ = now;
}

/// A procedure that comes into being while the mode has no backend opens with the next update.
void procedure_flag::adopt(const procedure_rules& rules) {
    if (!rules_.exists) needed_ = false;
    rules_ = rules;
}

bool procedure_flag::update(steady_time now, mode current) {
    const bool before = active_;
    const bool needed = current == mode::degraded || current == mode::emergency;
    if (needed && !needed_ && !active_ && rules_.exists) become(true, now);
    if (!needed && needed_) back_since_ = now;
    needed_ = needed;
    if (const auto due = next_due(); due && *due <= now) become(false, now);
    if (active_ && !rules_.exists) (void)close(now);
    return active_ != before;
}

bool procedure_flag::open(steady_time now) {
    if (!rules_.exists) return false;
    ordered_ = true;
    if (active_) return false;
    become(true, now);
    return true;
}

bool procedure_flag::close(steady_time now) {
    ordered_ = false;
    if (!active_) return false;
    become(false, now);
    return true;
}

void procedure_flag::resume(steady_time now, const procedure_left_open& left) {
    if (!rules_.exists) return;
    ordered_ = ordered_ || left.ordered;
    if (!active_) back_since_ = now;
    become(true, left.since);
}

std::optional<steady_time> procedure_flag::next_due() const {
    if (!active_ || needed_ || ordered_ || !rules_.closes_after) return std::nullopt;
    return back_since_ + *rules_.closes_after;
}

}  // namespace garde::continuity
