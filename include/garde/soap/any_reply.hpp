// What an answer of whatever service says that matters to the cache: all that it can know of one that is no
// consult's.
#pragma once

#include "garde/soap/consult.hpp"

#include <expected>
#include <string_view>

namespace garde::soap {

struct any_reply {
    bool fault = false;             ///< SOAP 1.1
    bool bound_to_request = false;  ///< as in consult_reply
};

/// Any SOAP 1.1 envelope with one payload, under the bounds of read_request; never unknown_element. Any
/// thread.
std::expected<any_reply, consult_error> read_any_reply(std::string_view message);

}  // namespace garde::soap
