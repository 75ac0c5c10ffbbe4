// Why a service is as it is, for operators: what the brain says, with names and wall-clock times.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/brain.hpp"
#include "garde/control/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace garde::control {

struct service_explanation {
    std::string name;
    std::vector<std::string> backends;  ///< names, in the order of what.backends
    continuity::explanation what;
    std::optional<override_view> order;  ///< in force
    std::optional<wall_time> in_effect;  ///< when all workers served from what.last; nothing yet, or unknown
    bool has_cache = false;
    bool has_procedure = false;
    /// For the times in `what`: the steady clock's now, and the wall clock's.
    steady_time at_steady{};
    wall_time at{};

    /// A steady time of `what`, past or to come, on the wall clock.
    [[nodiscard]] wall_time on_wall(steady_time when) const {
        return at + std::chrono::duration_cast<std::chrono::nanoseconds>(when - at_steady);
    }
};

}  // namespace garde::control
