// RSA signatures for xmlsec1, verified by OpenSSL: RSASSA-PSS (RFC 9231, 2.3.10), of which xmlsec1 has none
// in the version at hand, and RSASSA-PKCS1-v1_5 (RFC 9231, 2.3.2 to 2.3.4), for which its own asks the key
// for all its numbers each time, in half the time that a verification takes.
#pragma once

#include <array>
#include <xmlsec/transforms.h>

namespace garde::caller {

/// To be registered with xmlsec1 once, before its own; live as long as the program.
std::array<xmlSecTransformId, 6> rsa_methods();

}  // namespace garde::caller
