// How one worker gives a service's requests to its backends: the posture says whom to ask in which order, and
// which share of the requests or which single trial goes another way. Pure; no lock, no memory but its own.
#pragma once

#include "garde/continuity/attempt_plan.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/sighting.hpp"

#include <cstdint>
#include <optional>

namespace garde::continuity {

/// What one worker remembers of one service.
struct routing_state {
    int admitted_credit = 0;  ///< in percent of a request
    int canary_credit = 0;
    std::uint64_t last_ticket = 0;
    retry_budget retries;
};

struct route_choice {
    backend_list whom;               ///< in this order; empty: the request is answered without a backend
    errand first = errand::regular;  ///< what the first of them is asked for
    std::optional<milliseconds> hedge_after;  ///< when the second of them may be asked beside the first
};

/// For the next request. Shares are exact over any hundred requests, without chance.
route_choice choose_route(const service_posture& posture, replay replays, routing_state& state);

}  // namespace garde::continuity
