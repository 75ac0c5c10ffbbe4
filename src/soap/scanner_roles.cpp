// What the elements of a message mean by their place: the part of the scanner that knows SOAP, the security
// header and the eHealth platform's errors. See scanner.hpp.
#include "garde/base/clock.hpp"

#include "scanner.hpp"
#include "xml_text.hpp"

#include <algorithm>

namespace garde::soap {
namespace {

constexpr std::string_view wsse_namespace =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr std::string_view wsu_namespace =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// Text content of an element without child elements: trimmed, one whole CDATA section unwrapped; empty when
/// there is more.
std::string_view plain(std::string_view content) {
    constexpr std::string_view open = "<![CDATA[";
    constexpr std::string_view close = "]]>";
    content = trim(content);
    if (content.starts_with(open) && content.find(close) == content.size() - close.size())
        return trim(content.substr(open.size(), content.size() - open.size() - close.size()));
    return content.find_first_of("<&") == std::string_view::npos ? content : std::string_view{};
}

/// An instant of this or the next century: what is further off does not fit nanoseconds, and is no message's
/// life span.
std::optional<wall_time> instant(std::string_view content) {
    const auto text = plain(content);
    if (!text.starts_with("19") && !text.starts_with("20") && !text.starts_with("21")) return std::nullopt;
    return parse_rfc3339(text);
}

bool is_soa_code(std::string_view text) {
    return text.size() == 9 && text.starts_with("SOA-") &&
           std::ranges::all_of(text.substr(4), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

scanner::role scanner::role_of(std::string_view uri, std::string_view local) {
    switch (here()) {
        case role::document:
            return uri == soap_namespace && local == "Envelope" ? role::envelope : role::refused;
        case role::envelope: return role_in_envelope(uri, local);
        case role::header: return uri == wsse_namespace && local == "Security" ? role::security : role::other;
        case role::security:
            if (uri != wsu_namespace || local != "Timestamp") return role::other;
            created_ = expires_ = {};
            return role::timestamp;
        case role::timestamp:
            if (uri != wsu_namespace) return role::other;
            return local == "Created" ? role::created : local == "Expires" ? role::expires : role::other;
        case role::body: return role_in_body(uri, local);
        // SOAP 1.1 leaves the children of Fault unqualified; stacks that qualify them mean the same.
        case role::fault:
            if (local == "faultcode") return role::fault_code;
            if (local == "faultstring") return role::fault_string;
            return local == "detail" ? role::detail : role::other;
        case role::detail:
            return uri == soa_error_namespace && (local == "SystemError" || local == "BusinessError")
                       ? role::soa_error
                       : role::other;
        case role::soa_error: return local == "Code" ? role::code : role::other;
        default: return role::other;
    }
}

/// Header, then Body, and nothing behind it (WS-I Basic Profile 1.1, R1011).
scanner::role scanner::role_in_envelope(std::string_view uri, std::string_view local) {
    if (uri != soap_namespace || body_seen_) return role::refused;
    if (local == "Body") {
        body_seen_ = true;
        return role::body;
    }
    if (local != "Header" || header_seen_) return role::refused;
    header_seen_ = true;
    return role::header;
}

scanner::role scanner::role_in_body(std::string_view uri, std::string_view local) {
    if (payload_seen_) return role::other;
    payload_seen_ = true;
    found_.payload_namespace = uri;
    found_.payload_name = local;
    found_.fault = uri == soap_namespace && local == "Fault";
    return found_.fault ? role::fault : role::other;
}

/// `content` lies between the tags of an element of this role.
void scanner::leave(role what, std::string_view content) {
    switch (what) {
        case role::created: created_ = content; break;
        case role::expires: expires_ = content; break;
        case role::timestamp: close_timestamp(); break;
        case role::fault_code: fault_code_element_ = content; break;
        case role::fault_string: found_.fault_string = content; break;
        case role::code:
            if (found_.fault_code.empty()) found_.fault_code = plain(content);
            break;
        case role::header: header_ = content; break;
        case role::body: watching_ = false; break;
        default: break;
    }
}

/// Of several timestamps the shortest span counts.
void scanner::close_timestamp() {
    const auto created = instant(created_);
    const auto expires = instant(expires_);
    if (!created || !expires || *expires <= *created) return;
    const auto span = std::chrono::floor<std::chrono::milliseconds>(*expires - *created);
    found_.life_span = std::min(span, found_.life_span.value_or(span));
}

/// Without a code in the detail, the place where the eHealth platform repeats it.
void scanner::finish_fault() {
    for (const auto candidate : {plain(found_.fault_string), plain(fault_code_element_)})
        if (found_.fault_code.empty() && is_soa_code(candidate)) found_.fault_code = candidate;
}

}  // namespace garde::soap
