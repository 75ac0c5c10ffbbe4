// See deferral.hpp.
#include "garde/emergency/deferral.hpp"

#include <algorithm>
#include <utility>

namespace garde::emergency {

std::string_view to_text(deferral_kind value) {
    switch (value) {
        case deferral_kind::message: return "message";
        case deferral_kind::reference: return "reference";
        case deferral_kind::answer: return "answer";
    }
    std::unreachable();
}

std::string_view to_text(deferral_state value) {
    switch (value) {
        case deferral_state::queued: return "queued";
        case deferral_state::sent: return "sent";
        case deferral_state::confirmed: return "confirmed";
        case deferral_state::contradicted: return "contradicted";
        case deferral_state::expired: return "expired";
        case deferral_state::handed_back: return "handed-back";
        case deferral_state::ambiguous: return "ambiguous";
    }
    std::unreachable();
}

bool is_settled(deferral_state value) {
    return value != deferral_state::queued && value != deferral_state::sent;
}

bool may_follow(deferral_kind kind, deferral_state from, deferral_state to) {
    using enum deferral_state;
    const bool message = kind == deferral_kind::message;
    switch (from) {
        case queued:
            if (kind == deferral_kind::answer) return to == expired || to == confirmed || to == contradicted;
            return to == expired || to == (message ? sent : handed_back);
        case sent:
            return message && (to == queued || to == confirmed || to == contradicted || to == ambiguous);
        case confirmed:
        case contradicted:
        case expired:
        case handed_back:
        case ambiguous: return false;
    }
    std::unreachable();
}

deferral_state after_attempt(settlement what, repetition again) {
    switch (what) {
        case settlement::taken: return deferral_state::confirmed;
        case settlement::refused: return deferral_state::contradicted;
        case settlement::not_sent: return deferral_state::queued;
        case settlement::unanswered: return after_crash(again);
    }
    std::unreachable();
}

deferral_state after_crash(repetition again) {
    return again == repetition::harmless ? deferral_state::queued : deferral_state::ambiguous;
}

void settlement_pace::service_returned(steady_time now) {
    pause_ = first_pause;
    next_ = now + pause_;
}

void settlement_pace::ended(settlement what, steady_time now) {
    const bool answered = what == settlement::taken || what == settlement::refused;
    pause_ = std::clamp(answered ? pause_ * 3 / 4 : pause_ * 2, shortest_pause, longest_pause);
    // After a pause of some milliseconds an attempt that fails is no reason to try again at once.
    if (!answered) pause_ = std::max(pause_, first_pause);
    next_ = now + pause_;
}

}  // namespace garde::emergency
