// See network_watch.hpp.
#include "garde/continuity/network_watch.hpp"

namespace garde::continuity {

bool was_reached(reason result) {
    switch (result) {
        case reason::connect_failed:
        case reason::connect_timeout:
        case reason::timed_out:
        case reason::reset: return false;
        default: return true;
    }
}

std::optional<connection> network_watch::become(connection next) {
    if (next == current_) return std::nullopt;
    return current_ = next;
}

std::optional<connection> network_watch::reference_answered() {
    silent_since_.reset();
    return become(connection::connected);
}

std::optional<connection> network_watch::references_silent(steady_time now) {
    if (!silent_since_) silent_since_ = now;
    const bool long_silent = now - *silent_since_ >= patience_;
    const bool nobody_heard = !backend_at_ || now - *backend_at_ >= patience_;
    return long_silent && nobody_heard ? become(connection::cut_off) : std::nullopt;
}

std::optional<connection> network_watch::backend_reached(steady_time now) {
    backend_at_ = now;
    return become(connection::connected);
}

std::optional<connection> network_watch::forget() {
    silent_since_.reset();
    return become(connection::connected);
}

bool network_watch::needs_backends(steady_time now) const {
    return silent_since_ && (!backend_at_ || now - *backend_at_ >= patience_ / 4);
}

}  // namespace garde::continuity
