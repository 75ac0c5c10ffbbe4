// The message's own signature: over exactly this Body and this Timestamp, by the key that the assertion
// binds.
#pragma once

#include "security_header.hpp"
#include "signature.hpp"

#include <string>

namespace garde::caller {

/// The canonical bytes of what is signed.
checked<std::string> check_message_signature(const security_header& header, const verification_key& key);

}  // namespace garde::caller
