// See routing.hpp.
#include "garde/continuity/routing.hpp"

#include <algorithm>

namespace garde::continuity {
namespace {

/// True for `percent` of the calls, evenly spread.
bool has_turn(int percent, int& credit) {
    credit += percent;
    if (credit < 100) return false;
    credit -= 100;
    return true;
}

void ask_first(backend_list& whom, backend_index backend) {
    const auto at = std::ranges::find(whom, backend);
    if (at != whom.end()) whom.erase(at);
    whom.insert(whom.begin(), backend);
}

/// Nothing where the service does not hedge, or has not learned yet how long this backend takes.
std::optional<milliseconds> hedge_after(const service_posture& posture, backend_index backend) {
    const std::size_t place = to_number(backend);
    if (place >= posture.hedge_after.size() || posture.hedge_after[place] == milliseconds(0))
        return std::nullopt;
    return posture.hedge_after[place];
}

}  // namespace

route_choice choose_route(const service_posture& posture, replay replays, routing_state& state) {
    route_choice out;
    out.whom.assign(posture.attempts.begin(), posture.attempts.end());
    // A backend that is being tried out shall answer by itself, and while shares grow nobody is asked twice.
    bool may_hedge = posture.admitted_percent == 100;
    if (posture.admitted_percent < 100 && !has_turn(posture.admitted_percent, state.admitted_credit))
        out.whom.clear();
    else if (posture.returning && has_turn(posture.returning->percent, state.canary_credit)) {
        ask_first(out.whom, posture.returning->backend);
        may_hedge = false;
    }
    if (posture.trial && posture.trial->number > state.last_ticket && replays == replay::safe) {
        state.last_ticket = posture.trial->number;
        ask_first(out.whom, posture.trial->backend);
        out.first = errand::trial;
        may_hedge = false;
    }
    if (may_hedge && !out.whom.empty()) out.hedge_after = hedge_after(posture, out.whom.front());
    return out;
}

}  // namespace garde::continuity
