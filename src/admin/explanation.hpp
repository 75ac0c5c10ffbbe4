// GET /v1/services/NAME/explanation: why a service is as it is, as JSON. Pure.
#pragma once

#include "garde/control/explanation.hpp"

#include <string>

namespace garde::admin {

/// The document that the schema `explanation` of the description describes.
std::string explanation_document(const control::service_explanation& of);

}  // namespace garde::admin
