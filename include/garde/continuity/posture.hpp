// What workers serve from: an immutable snapshot of every service's mode and of the backends that a request
// may go to, in order.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/exercise.hpp"
#include "garde/continuity/types.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace garde::continuity {

/// A part of the requests goes first to a backend that is coming back.
struct canary {
    backend_index backend{};
    int percent = 0;

    friend bool operator==(const canary&, const canary&) = default;
};

/// One replay-safe request of each worker may be given to this backend first, to see whether it answers.
struct trial_ticket {
    backend_index backend{};
    std::uint64_t number = 0;  ///< a worker uses each number once at most

    friend bool operator==(const trial_ticket&, const trial_ticket&) = default;
};

struct service_posture {
    mode current = mode::primary;
    std::optional<override_mode> pinned;  ///< the operator's order in force
    /// Whom to ask, in this order. Without an active backend: those that may be asked before the mode
    /// changes.
    std::vector<backend_index> attempts;
    std::optional<canary> returning;
    int admitted_percent = 100;  ///< of the requests; the rest is answered without a backend
    std::optional<trial_ticket> trial;
    std::optional<backend_index>
        last_chance;  ///< whom to ask when there is nobody to ask and the cache has nothing
    /// By backend: an answer that takes longer counts as slow; 0: none does.
    std::vector<milliseconds> slow_above;
    /// By backend: without an answer by then the next one is asked too; 0: that is not known yet. Empty: the
    /// service does not hedge.
    std::vector<milliseconds> hedge_after;

    /// Garde as a plain pipe: primary only, no classification, no cache.
    [[nodiscard]] bool transparent() const { return pinned == override_mode::transparent; }

    friend bool operator==(const service_posture&, const service_posture&) = default;
};

struct posture {
    std::uint64_t version = 0;
    std::vector<service_posture> services;  ///< in the configuration's order
    /// By service; empty when there is no exercise anywhere.
    std::vector<std::vector<exercise_ptr>> exercises{};
};

using posture_ptr = std::shared_ptr<const posture>;

}  // namespace garde::continuity
