// What the public may know of a view: one state per service. Pure.
#pragma once

#include "garde/control/view.hpp"
#include "garde/proxy/site.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace garde::status {

enum class public_state : std::uint8_t {
    normal,       ///< mode primary
    reserve,      ///< mode backup
    unknown,      ///< the controller has said nothing yet, or this node is cut off
    limited,      ///< mode degraded: earlier answers, else the procedure
    unavailable,  ///< mode emergency: the procedure
};

struct service_state {
    const proxy::service_site* service = nullptr;
    public_state state = public_state::unknown;
    std::optional<wall_time> since;  ///< nothing when unknown
    control::durability recorded = control::durability::durable;
    bool node_cut_off = false;  ///< why it is unknown
    /// Since when the emergency procedure is open; nothing while it is not, or the service has none.
    std::optional<wall_time> procedure_since;

    [[nodiscard]] bool procedure_active() const { return procedure_since.has_value(); }
};

/// Whether requests are answered by a backend, as far as is known.
bool answers(public_state state);
/// Whether callers are without a backend.
bool lacks_backend(public_state state);

/// The state of one service; `now` may be null.
service_state state_of(const proxy::service_site& service, const control::view* now);

/// Of each service, in the order of the configuration.
std::vector<service_state> states_of(std::span<const proxy::service_site> services, const control::view* now);

/// The worst of all; normal when there is none.
public_state worst(std::span<const service_state> all);

/// This node is cut off from the network, and judges nobody.
bool node_cut_off(std::span<const service_state> all);

/// The service's title in this language; its name when it has none.
const std::string& title_of(const proxy::service_site& service, std::string_view language);

}  // namespace garde::status
