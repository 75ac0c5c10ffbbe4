// See fault_writer.hpp. Order and namespaces of the elements are those of the SOA error schema 1.1 (children
// unqualified but for Environment) inside a SOAP 1.1 Fault.
#include "garde/soap/fault_writer.hpp"

#include "garde/base/utf8.hpp"

#include "scanner.hpp"
#include "xml_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace garde::soap {
namespace {

/// U+FFFE and U+FFFF, the only characters of several bytes that XML 1.0 forbids.
bool is_noncharacter(std::string_view character) {
    return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF";
}

}  // namespace

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        const std::size_t length = utf8_character_length(text);
        const auto character = text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
        if (length > 1 && !is_noncharacter(character)) out += character;
        if (length != 1) continue;
        switch (character.front()) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&apos;"; break;
            case '\r': out += "&#13;"; break;  // a reader would make a line feed of it
            default:
                if (is_xml_char(static_cast<std::uint8_t>(character.front()))) out += character;
        }
    }
    return out;
}

std::string write_temporary_fault(const temporary_fault& fault) {
    return write_temporary_fault(fault, escape(fault.id));
}

std::string write_temporary_fault(const temporary_fault& fault, std::string_view in_place_of_id) {
    std::string messages;
    for (const auto& [language, text] : fault.messages)
        messages += fmt::format(R"(<Message xml:lang="{}">{}</Message>)", escape(language), escape(text));
    const std::string contact =
        fault.contact.empty() ? std::string{} : fmt::format("<Contact>{}</Contact>", escape(fault.contact));
    return fmt::format(
        R"(<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="{}"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode>)"
        R"(<faultstring>SOA-02002</faultstring><detail><soa:SystemError xmlns:soa="{}" Id="{}">)"
        R"(<Origin>Provider</Origin><Code>SOA-02002</Code>{}<Retry>true</Retry>{})"
        R"(<soa:Environment>{}</soa:Environment></soa:SystemError></detail></SOAP-ENV:Fault>)"
        R"(</SOAP-ENV:Body></SOAP-ENV:Envelope>)"
        "\n",
        soap_namespace, soa_error_namespace, in_place_of_id, messages, contact, escape(fault.environment));
}

}  // namespace garde::soap
