// Writes the SOA-02002 fault that carries the emergency procedure: SOAP 1.1, detail/SystemError of the
// eHealth SOA error schema.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace garde::soap {

struct localised_text {
    std::string language;  ///< fr, nl, de, en
    std::string text;
};

struct temporary_fault {
    std::string id;                        ///< SystemError/@Id
    std::string environment;               ///< Environment (enumeration of the schema)
    std::vector<localised_text> messages;  ///< at least one
    std::string contact;                   ///< Contact: the address of the procedure; left out when empty
};

/// A complete UTF-8 document. All texts are escaped; characters that XML 1.0 forbids are dropped.
std::string write_temporary_fault(const temporary_fault& fault);
/// The same with this, as it stands, where the id comes.
std::string write_temporary_fault(const temporary_fault& fault, std::string_view in_place_of_id);

/// Text for element content and attribute values.
std::string escape(std::string_view text);

}  // namespace garde::soap
