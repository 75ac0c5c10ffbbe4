// The description of the API that GET /v1/openapi.json serves.
#pragma once

#include <string_view>

namespace garde::admin {

/// An OpenAPI 3.1 document.
std::string_view openapi_document();

}  // namespace garde::admin
