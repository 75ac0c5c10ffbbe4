// See scanner.hpp. Byte for byte; multi-byte characters are not decoded, so a message in a broken UTF-8 still
// counts as XML here (its reader will say), while UTF-16 does not: it holds zero bytes.
#include "scanner.hpp"

#include "garde/base/clock.hpp"

#include "xml_text.hpp"

#include <algorithm>
#include <cstring>

namespace garde::soap {
namespace {

constexpr std::string_view wsse_namespace =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr std::string_view wsu_namespace =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";

struct census {
    bool forbidden = false;
    bool ampersand = false;
    bool bracket = false;
};

/// Which of the bytes that need a closer look occur at all. In lanes, so that compilers make vector code of
/// it: this is the only look at most bytes.
census count(std::string_view text) {
    constexpr std::size_t lanes = 32;
    std::array<std::uint8_t, lanes> forbidden{};
    std::array<std::uint8_t, lanes> ampersand{};
    std::array<std::uint8_t, lanes> bracket{};
    const auto look = [&](std::size_t lane, char byte) {
        const auto c = static_cast<std::uint8_t>(byte);
        forbidden[lane] |= static_cast<std::uint8_t>((c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r'));
        ampersand[lane] |= static_cast<std::uint8_t>(c == '&');
        bracket[lane] |= static_cast<std::uint8_t>(c == ']');
    };
    std::size_t i = 0;
    for (; i + lanes <= text.size(); i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) look(lane, text[i + lane]);
    for (; i < text.size(); ++i) look(0, text[i]);
    const auto any = [](const auto& of) {
        return std::ranges::any_of(of, [](std::uint8_t x) { return x != 0; });
    };
    return {any(forbidden), any(ampersand), any(bracket)};
}

const char* find(const char* from, const char* end, char what) {
    const void* hit = std::memchr(from, what, static_cast<std::size_t>(end - from));
    return hit == nullptr ? end : static_cast<const char*>(hit);
}

std::string_view between(const char* from, const char* to) {
    return {from, static_cast<std::size_t>(to - from)};
}

bool all_space(std::string_view text) {
    return std::ranges::all_of(text, is_space);
}

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

// frames_ and declarations_ stay uninitialised.
scanner::scanner(std::string_view text, std::string_view watched)
    : at_(text.data()), end_(text.data() + text.size()), watched_(watched) {}

scanner::verdict scanner::run() {
    const auto seen = count(between(at_, end_));
    if (seen.forbidden) return verdict::malformed;
    any_ampersand_ = seen.ampersand;
    any_bracket_ = seen.bracket;
    if (!take_prolog()) return why_;
    while (at_ != end_) {
        const bool taken = *at_ == '<' ? take_markup() : take_text();
        if (!taken) return why_;
    }
    if (depth_ != 0 || !root_seen_) return verdict::malformed;
    if (!body_seen_) return verdict::not_soap;
    if (found_.fault) finish_fault();
    return verdict::envelope;
}

/// Byte order mark and XML declaration.
bool scanner::take_prolog() {
    if (starts_with("\xEF\xBB\xBF")) at_ += 3;
    if (!starts_with("<?xml") || end_ - at_ < 6 || !is_space(at_[5])) return true;
    at_ += 5;
    skip_space();
    if (!starts_with("version")) return false;
    while (!starts_with("?>")) {
        if (!take_attribute()) return false;
        if (!skip_space() && !starts_with("?>")) return false;
    }
    at_ += 2;
    return true;
}

bool scanner::take_text() {
    const char* const stop = find(at_, end_, '<');
    const auto text = between(at_, stop);
    at_ = stop;
    const role place = here();
    if (place == role::document) return all_space(text);
    if (place == role::envelope || place == role::body) {
        why_ = all_space(text) ? why_ : verdict::not_soap;
        return why_ != verdict::not_soap;
    }
    if (any_bracket_ && text.find("]]>") != std::string_view::npos) return false;
    return references_valid(text);
}

bool scanner::take_markup() {
    if (end_ - at_ < 2) return false;
    switch (at_[1]) {
        case '/': return take_end_tag();
        case '?': return take_instruction();
        case '!':
            if (starts_with("<!--")) return take_comment();
            if (starts_with("<![CDATA[")) return take_character_data();
            if (starts_with("<!DOCTYPE")) why_ = verdict::doctype;
            return false;
        default: return take_start_tag();
    }
}

bool scanner::take_start_tag() {
    if (depth_ == max_depth || (depth_ == 0 && root_seen_)) return false;
    ++at_;
    const auto name = take_name();
    if (name.empty()) return false;
    const std::size_t declarations_before = declaration_count_;
    for (int attributes = 0;; ++attributes) {
        const bool spaced = skip_space();
        if (at_ == end_) return false;
        if (*at_ == '>') {
            ++at_;
            return open(name, declarations_before);
        }
        if (*at_ == '/') {
            if (end_ - at_ < 2 || at_[1] != '>') return false;
            at_ += 2;
            if (!open(name, declarations_before)) return false;
            close({});
            return true;
        }
        if (!spaced || attributes == max_attributes || !take_attribute()) return false;
    }
}

bool scanner::take_attribute() {
    const auto name = take_name();
    if (name.empty()) return false;
    skip_space();
    if (at_ == end_ || *at_ != '=') return false;
    ++at_;
    skip_space();
    if (at_ == end_ || (*at_ != '"' && *at_ != '\'')) return false;
    const char quote = *at_++;
    const char* const stop = find(at_, end_, quote);
    if (stop == end_) return false;
    const auto value = between(at_, stop);
    at_ = stop + 1;
    if (find(value.data(), stop, '<') != stop || !references_valid(value)) return false;
    if (!name.starts_with("xmlns")) return true;
    if (name.size() == 5) return declare({}, value);
    if (name[5] != ':') return true;
    return name.size() > 6 && !value.empty() && declare(name.substr(6), value);
}

bool scanner::take_end_tag() {
    if (depth_ == 0) return false;
    const char* const start = at_;
    at_ += 2;
    const auto& top = frames_[depth_ - 1];
    if (!starts_with(top.name)) return false;
    at_ += top.name.size();
    skip_space();
    if (at_ == end_ || *at_ != '>') return false;
    ++at_;
    close(between(top.content, start));
    return true;
}

bool scanner::take_comment() {
    at_ += 4;
    if (!skip_past("--") || at_ == end_ || *at_ != '>') return false;
    ++at_;
    return true;
}

bool scanner::take_character_data() {
    const role place = here();
    if (place == role::document || place == role::envelope || place == role::body) return false;
    at_ += 9;
    return skip_past("]]>");
}

bool scanner::take_instruction() {
    at_ += 2;
    const auto target = take_name();
    if (target.empty()) return false;
    const auto equals_ignoring_case = [](char a, char b) { return (a | 0x20) == b; };
    if (std::ranges::equal(target, std::string_view("xml"), equals_ignoring_case)) return false;
    if (starts_with("?>")) {
        at_ += 2;
        return true;
    }
    return at_ != end_ && is_space(*at_) && skip_past("?>");
}

std::string_view scanner::take_name() {
    const char* const start = at_;
    if (at_ == end_ || name_classes[static_cast<std::uint8_t>(*at_)] != name_start) return {};
    while (at_ != end_ && name_classes[static_cast<std::uint8_t>(*at_)] != not_in_name) ++at_;
    return between(start, at_);
}

/// True when there was any.
bool scanner::skip_space() {
    const char* const start = at_;
    while (at_ != end_ && is_space(*at_)) ++at_;
    return at_ != start;
}

bool scanner::skip_past(std::string_view terminator) {
    const auto rest = between(at_, end_);
    const auto hit = rest.find(terminator);
    if (hit == std::string_view::npos) return false;
    at_ += hit + terminator.size();
    return true;
}

bool scanner::references_valid(std::string_view text) const {
    if (!any_ampersand_) return true;
    for (auto hit = text.find('&'); hit != std::string_view::npos; hit = text.find('&')) {
        text.remove_prefix(hit + 1);
        // The longest reference that means anything is a padded character reference; a bound keeps this
        // linear.
        const auto semicolon = text.substr(0, 16).find(';');
        if (semicolon == std::string_view::npos || !is_reference(text.substr(0, semicolon))) return false;
        text.remove_prefix(semicolon + 1);
    }
    return true;
}

bool scanner::declare(std::string_view prefix, std::string_view uri) {
    if (declaration_count_ == max_declarations) return false;
    declarations_[declaration_count_++] = {prefix, uri};
    return true;
}

/// Namespaces in XML 1.0: false when the prefix is not declared or the name has more than one colon.
bool scanner::resolve(std::string_view name, std::string_view& uri, std::string_view& local) const {
    const auto colon = name.find(':');
    const auto prefix = colon == std::string_view::npos ? std::string_view{} : name.substr(0, colon);
    local = colon == std::string_view::npos ? name : name.substr(colon + 1);
    if (colon != std::string_view::npos) {
        const bool starts_well =
            !local.empty() && name_classes[static_cast<std::uint8_t>(local.front())] == name_start;
        if (prefix.empty() || !starts_well || local.find(':') != std::string_view::npos) return false;
    }
    for (std::size_t i = declaration_count_; i-- > 0;) {
        if (declarations_[i].prefix != prefix) continue;
        uri = declarations_[i].uri;
        return true;
    }
    uri = prefix == "xml" ? xml_namespace : std::string_view{};
    return prefix.empty() || prefix == "xml";
}

bool scanner::open(std::string_view name, std::size_t declarations_before) {
    std::string_view uri;
    std::string_view local;
    if (!resolve(name, uri, local)) return false;
    const role what = role_of(uri, local);
    if (what == role::refused) {
        why_ = verdict::not_soap;
        return false;
    }
    root_seen_ = true;
    if (body_depth_ != 0 && local == watched_) watched_seen_ = true;
    frames_[depth_++] = {name, at_, what, static_cast<std::uint8_t>(declarations_before)};
    if (what == role::body) body_depth_ = depth_;
    return true;
}

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

void scanner::close(std::string_view content) {
    const auto& top = frames_[--depth_];
    declaration_count_ = top.declarations;
    switch (top.what) {
        case role::created: created_ = content; break;
        case role::expires: expires_ = content; break;
        case role::timestamp: close_timestamp(); break;
        case role::fault_code: fault_code_element_ = content; break;
        case role::fault_string: found_.fault_string = content; break;
        case role::code:
            if (found_.fault_code.empty()) found_.fault_code = plain(content);
            break;
        case role::body: body_depth_ = 0; break;
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
