// The states for programs: GET /v1/health. Pure.
#pragma once

#include "states.hpp"

#include <span>
#include <string>

namespace garde::status {

/// {"status","at","cut_off","services":[{"name","title","mode","since","recorded","procedure"}]}. `status` is
/// `fail` while a service is without a backend, `warn` while one is at its reserve, its state is unknown or
/// its emergency procedure is still open, else `pass`. `cut_off`: this node is cut off from the network, and
/// knows the state of no service. Unknown services have the mode "unknown" and no time; `procedure` is
/// {"active","since","url"}, null for a service without one.
std::string health_document(std::span<const service_state> all, wall_time at);

}  // namespace garde::status
