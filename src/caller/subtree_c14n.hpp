// Exclusive canonicalisation without comments (W3C, http://www.w3.org/2001/10/xml-exc-c14n#) for xmlsec1,
// done by libxml2. xmlsec1's own lets libxml2 walk through the whole document for each part that is signed,
// and asks of each node whether it belongs to it; this one begins at the part.
#pragma once

#include <xmlsec/transforms.h>

namespace garde::caller {

/// To be registered with xmlsec1 once, before its own; lives as long as the program.
xmlSecTransformId subtree_c14n();

}  // namespace garde::caller
