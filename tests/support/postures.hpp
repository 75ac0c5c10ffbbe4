// Postures for tests of what serves from them.
#pragma once

#include "garde/continuity/posture.hpp"

#include <utility>
#include <vector>

namespace garde::test {

/// Asks these backends, in this order; nothing else of note.
inline continuity::service_posture asking(std::vector<continuity::backend_index> attempts,
                                          continuity::mode current = continuity::mode::primary) {
    continuity::service_posture out;
    out.current = current;
    out.attempts = std::move(attempts);
    return out;
}

/// Under an operator's order, which names nobody to ask.
inline continuity::service_posture pinned(continuity::override_mode to,
                                          continuity::mode current = continuity::mode::primary) {
    continuity::service_posture out;
    out.current = current;
    out.pinned = to;
    return out;
}

}  // namespace garde::test
