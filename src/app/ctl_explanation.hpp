// GET /v1/services/NAME/explanation for a person. Pure: JSON in, text out.
#pragma once

#include <string>

namespace garde::app {

/// Mode, what brought it, each backend with its evidence, and what comes next. What is no such document comes
/// back as it is.
std::string describe_explanation(const std::string& json);

}  // namespace garde::app
