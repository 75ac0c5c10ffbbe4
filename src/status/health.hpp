// The states for programs: GET /v1/health. Pure.
#pragma once

#include "states.hpp"

#include <span>
#include <string>

namespace garde::status {

/// {"status","at","services":[{"name","title","mode","since","recorded","procedure"}]}. `status` is `fail`
/// while an emergency procedure applies, `warn` while a service is at its reserve or its state is unknown,
/// else `pass`. Unknown services have the mode "unknown" and no time; `procedure` is null for a service
/// without one.
std::string health_document(std::span<const service_state> all, wall_time at);

}  // namespace garde::status
