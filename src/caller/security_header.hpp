// Where the parts of a signed message are: found by walking all of it, so that there is one of each, in its
// place, and no other element that a reader might take for it. Knows no signature and no time.
#pragma once

#include "xml_tree.hpp"

#include <cstdint>

namespace garde::caller {

enum class saml_version : std::uint8_t { v11, v20 };

/// None is null.
struct security_header {
    xmlNode* body = nullptr;
    xmlNode* timestamp = nullptr;
    xmlNode* assertion = nullptr;
    xmlNode* assertion_signature = nullptr;  ///< child of the assertion
    xmlNode* message_signature = nullptr;    ///< child of the Security header
    saml_version version = saml_version::v11;
    std::string_view body_id;
    std::string_view timestamp_id;
    std::string_view assertion_id;
};

/// The parts of a message. The three that signatures refer to are then known to the document by their ids,
/// and nothing else is.
checked<security_header> find_security_header(xmlDoc& document);

}  // namespace garde::caller
