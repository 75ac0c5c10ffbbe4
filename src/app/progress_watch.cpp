// See progress_watch.hpp.
#include "garde/app/progress_watch.hpp"

namespace garde::app {
namespace {

milliseconds between(steady_time from, steady_time to) {
    return std::chrono::duration_cast<milliseconds>(to - from);
}

}  // namespace

progress_watch::step progress_watch::look(steady_time now, std::uint64_t answers) {
    const milliseconds pause = between(looked_, now);
    looked_ = now;
    // A machine that slept: the threads that are watched slept too.
    if (pause >= rules_.own_pause) asked_at_ = now;

    const bool answered = answers >= asked_;
    const milliseconds waited = answered ? milliseconds{0} : between(asked_at_, now);
    step out;
    if (state_ == progress::stalled) {
        if (answered && !answering_since_) answering_since_ = now;
        out = healing(now, waited);
    } else if (waited >= rules_.stall_after) {
        state_ = progress::stalled;
        stalled_at_ = asked_at_;
        answering_since_.reset();
        out.became = progress::stalled;
        out.for_time = waited;
    }
    if (answered) {
        out.ask = true;
        ++asked_;
        asked_at_ = now;
    }
    return out;
}

progress_watch::step progress_watch::healing(steady_time now, milliseconds waited) {
    if (!answering_since_) return {};
    if (waited > rules_.late) {
        answering_since_.reset();
        return {};
    }
    if (between(*answering_since_, now) < rules_.steady_for) return {};
    state_ = progress::alive;
    return {.ask = false, .became = progress::alive, .for_time = between(stalled_at_, *answering_since_)};
}

}  // namespace garde::app
