// RSASSA-PSS for xmlsec1, which has none of its own in the version at hand: signature methods
// http://www.w3.org/2007/05/xmldsig-more#sha{256,384,512}-rsa-MGF1 (RFC 9231, 2.3.10), verified by OpenSSL.
#pragma once

#include <array>
#include <xmlsec/transforms.h>

namespace garde::caller {

/// To be registered with xmlsec1 once; live as long as the program.
std::array<xmlSecTransformId, 3> rsa_pss_methods();

}  // namespace garde::caller
