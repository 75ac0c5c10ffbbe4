// Public keys as JOSE writes them (RFC 7517): EC, P-256, for ES256.
#pragma once

#include "garde/base/result.hpp"

#include "es256.hpp"

#include <boost/json/fwd.hpp>

namespace garde::emergency {

/// {"kty","crv","x","y","kid","use","alg"}; `kid` is key_id().
boost::json::object to_jwk(EVP_PKEY* key);

/// The errors say which member is wrong. Members that are not looked at may be there.
result<key_ptr> from_jwk(const boost::json::object& jwk);

}  // namespace garde::emergency
