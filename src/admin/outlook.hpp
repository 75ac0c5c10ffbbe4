// What would change a service's mode, and what comes next, in sentences for operators. Pure.
#pragma once

#include "garde/control/explanation.hpp"

#include <string>
#include <vector>

namespace garde::admin {

/// One sentence or two for each thing that is under way or would change the mode, the most decisive first.
std::vector<std::string> outlook(const control::service_explanation& of);

}  // namespace garde::admin
