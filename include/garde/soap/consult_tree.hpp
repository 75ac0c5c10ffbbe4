// The consult of a message that has been read already, for who has verified a signature over its very nodes.
// Apart from consult.hpp, so that only they see libxml2.
#pragma once

#include "garde/soap/consult.hpp"

#include <libxml/tree.h>

#include <expected>

namespace garde::soap {

/// The question in this Body, whichever SOAP version's, as read_request reads it from the message's text. The
/// tree was read without a DTD and under bounds on its depth and size.
std::expected<consult_request, consult_error> read_request_in(const xmlNode& body);

}  // namespace garde::soap
