// A single pass over a SOAP message for the main path: is it a complete envelope, is it a fault, how long
// does it live? Strict about nesting and names, no DTD, no entities beyond the predefined five and character
// references, no copies, no allocation. It decides nothing: continuity/classify does. What the cache needs is
// read by soap/consult with libxml2.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::soap {

enum class scan_result : std::uint8_t {
    envelope,  ///< a complete, well-nested SOAP 1.1 Envelope with exactly one Body and nothing but white
               ///< space behind
    empty,     ///< no bytes, or white space only
    not_xml,   ///< anything else, cut-off messages and messages with a DTD included
};

/// All views point into the scanned text.
struct envelope_scan {
    scan_result result = scan_result::not_xml;
    std::string_view payload_namespace;  ///< of the Body's first child
    std::string_view payload_name;  ///< local name of the Body's first child; empty when the Body has none
    bool fault = false;             ///< the Body's first child is a SOAP 1.1 Fault
    std::string_view
        fault_code;  ///< detail/{SystemError|BusinessError}/Code of the eHealth SOA namespace, e.g. SOA-02001
    std::string_view fault_string;  ///< faultstring, raw
    /// Header/wsse:Security/wsu:Timestamp: Expires − Created, where both are there, valid and in order.
    std::optional<std::chrono::milliseconds> life_span;
};

/// Any bytes, any length; linear time; nesting deeper than 64 is not_xml.
envelope_scan scan(std::string_view text);

/// True when the reply's Body has an element of this local name as its first child or anywhere below. For
/// probes.
bool body_has_element(std::string_view text, std::string_view local_name);

/// What stands in the Body's first element of this local name, up to the next tag, raw; empty when there is
/// none, or no envelope. For what no decision about patients rests on.
std::string_view first_text(std::string_view text, std::string_view local_name);

/// The number of the insurer that a question names in its `Mutuality` (insurability core schema); nothing
/// when it names none or no plain number. For failures: it reads the whole message.
std::optional<std::uint16_t> insurer_number(std::string_view text);

}  // namespace garde::soap
