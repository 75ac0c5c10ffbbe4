// What an assertion says: who, for how long, by which key, and what else. Reads both SAML versions into one
// form. Whether the assertion is signed is not known here.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/caller/identity.hpp"

#include "security_header.hpp"

#include <vector>

namespace garde::caller {

/// From `not_before` to, but not at, `not_on_or_after`.
struct validity {
    wall_time not_before;
    wall_time not_on_or_after;
};

struct assertion_facts {
    asserted_name name;
    std::vector<asserted_attribute> attributes;
    validity valid;  ///< of the assertion and of the confirmation of its subject, together
    /// The ds:KeyInfo of each confirmation, one at least; which keys they hold is for signing_key to say.
    std::vector<const xmlNode*> key_infos;
};

checked<assertion_facts> read_assertion(const xmlNode& assertion, saml_version version);

}  // namespace garde::caller
