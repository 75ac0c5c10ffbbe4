// What the controller tells the outside: an immutable snapshot for the status site and the admin API. The
// status site shows only what the public may know of it.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/probe_agreement.hpp"
#include "garde/continuity/types.hpp"
#include "garde/control/exercise_book.hpp"
#include "garde/proxy/site.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::control {

struct backend_view {
    std::string name;
    continuity::verdict state = continuity::verdict::unknown;
    wall_time since{};
    continuity::reason last_reason = continuity::reason::none;
    /// Of its probe and its shallow one; nothing where there is none.
    std::optional<continuity::agreement> probes{};
};

struct override_view {
    continuity::override_mode pinned = continuity::override_mode::primary;
    bool strict = false;
    std::string by;
    std::string reason;
    wall_time since{};
    std::optional<wall_time> until;
};

/// How sure it is that the announced mode is written down.
enum class durability : std::uint8_t { durable, not_yet_durable };

struct service_view {
    std::string name;
    continuity::mode current = continuity::mode::primary;  ///< as announced
    std::string active_backend;                            ///< empty in degraded and emergency
    wall_time since{};
    durability recorded = durability::durable;
    std::optional<override_view> order;
    std::vector<backend_view> backends;
    bool procedure_active = false;   ///< the emergency procedure is open for the public
    wall_time procedure_since{};     ///< with procedure_active
    bool procedure_ordered = false;  ///< by an operator: only an operator closes it
    std::vector<exercise_run> exercises{};
};

struct view {
    wall_time at{};
    proxy::site_ptr served;              ///< what this is a view of
    std::vector<service_view> services;  ///< in its order
    bool journal_failing = false;
    bool cut_off = false;  ///< this node, from the network: what it says of services is not known
};
using view_ptr = std::shared_ptr<const view>;

}  // namespace garde::control
