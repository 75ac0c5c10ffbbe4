// An exercise: emergency mode rehearsed with some requests of a service that is well. They are answered as if
// no backend were left, are marked, and count for nothing.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/caller/identity.hpp"
#include "garde/caller/pattern.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::continuity {

struct service_posture;

struct exercise {
    std::string id;                          ///< in every answer that it gives
    std::string route;                       ///< the path of a route as configured; empty: all of them
    std::optional<caller::pattern> callers;  ///< nothing: everybody, the unverified too
    steady_time until{};
    mutable std::atomic<std::uint64_t> requests{0};  ///< answered so; any thread

    /// Does a request of `who` on this route take part at that time?
    [[nodiscard]] bool takes_part(std::string_view of_route, const caller::identity& who,
                                  steady_time at) const;
};
using exercise_ptr = std::shared_ptr<const exercise>;

/// The first in which the request takes part; null where there is none. Nobody does while the service is not
/// served by a backend, or is a plain pipe by order: what is real goes first.
[[nodiscard]] const exercise* find_exercise(std::span<const exercise_ptr> all, const service_posture& now,
                                            std::string_view route, const caller::identity& who,
                                            steady_time at);

/// What the requests of an exercise are served from: nobody is asked.
[[nodiscard]] const service_posture& rehearsed_posture();

}  // namespace garde::continuity
