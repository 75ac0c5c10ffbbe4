// What a controller knows of its services, in a form that another process can go on from. Pure.
#pragma once

#include "garde/control/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace garde::control {

struct backend_memory {
    std::string name;
    std::string address;  ///< HOST:PORT: another address is another backend
    continuity::verdict state = continuity::verdict::unknown;
    wall_time since{};
    continuity::reason last_reason = continuity::reason::none;
};

struct procedure_memory {
    wall_time since{};
    bool ordered = false;  ///< opened by an operator
};

struct service_memory {
    std::string name;
    std::string active_backend;  ///< empty: none
    wall_time since{};           ///< of the mode
    std::optional<override_view> order;
    std::optional<procedure_memory> procedure{};  ///< while it is open
    std::vector<backend_memory> backends;         ///< as they were configured, the primary first
};

/// One for each service of the view.
std::vector<service_memory> memory_of(const view& now);

}  // namespace garde::control
