// What workers serve from: an immutable snapshot of every service's mode and of the backends that a request
// may go to, in order.
#pragma once

#include "garde/continuity/types.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace garde::continuity {

struct service_posture {
    mode current = mode::primary;
    std::optional<override_mode> pinned;  ///< the operator's order in force
    std::vector<backend_index> attempts;  ///< whom to ask, in this order; empty in degraded and emergency

    /// Garde as a plain pipe: primary only, no classification, no cache.
    [[nodiscard]] bool transparent() const { return pinned == override_mode::transparent; }

    friend bool operator==(const service_posture&, const service_posture&) = default;
};

struct posture {
    std::uint64_t version = 0;
    std::vector<service_posture> services;  ///< in the configuration's order
};

using posture_ptr = std::shared_ptr<const posture>;

}  // namespace garde::continuity
