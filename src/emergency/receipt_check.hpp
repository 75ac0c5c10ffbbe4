// Checking a receipt with a key that is loaded already; see verify_receipt().
#pragma once

#include "garde/base/result.hpp"

#include <openssl/types.h>

#include <string>
#include <string_view>

namespace garde::emergency {

/// `key`: EC P-256. The payload as JSON text.
result<std::string> check_receipt(std::string_view jws, EVP_PKEY* key);

}  // namespace garde::emergency
