// See request_fields.hpp.
#include "request_fields.hpp"

#include "garde/base/utf8.hpp"
#include "garde/http/head.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace garde::admin {
namespace {

bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    return http::equal_ignoring_case(type, "application/json");
}

checked<json::object> read_object(std::string_view body, std::string_view needed) {
    json::error_code failed;
    json::value document = json::parse(json::string_view(body.data(), body.size()), failed);
    if (failed)
        return refused({.status = 400, .detail = "The body is no JSON document: " + failed.message() + "."});
    if (!document.is_object())
        return unprocessable(fmt::format("The body must be a JSON object with {}.", needed));
    return std::move(document.as_object());
}

checked<void> check_members(const json::object& order, const member_names& members) {
    for (const auto& member : order) {
        const std::string_view name(member.key().data(), member.key().size());
        if (std::ranges::find(members.known, name) == members.known.end())
            return unprocessable(fmt::format("There is no member \"{}\" here; there are {}.",
                                             clean_utf8(name, 60), members.listed));
    }
    return {};
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

refused unprocessable(std::string detail) {
    return refused({.status = 422, .detail = std::move(detail)});
}

std::string_view view_of(const json::string& text) {
    return {text.data(), text.size()};
}

/// C0, DEL and C1 (C2 80 to C2 9F) in well-formed UTF-8.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;
    }
    return false;
}

/// Without a zone an operator's own time would be taken for UTC.
bool has_zone(std::string_view text) {
    return text.ends_with('Z') ||
           (text.size() > 6 && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-'));
}

/// The order as an object with nothing but known members.
checked<json::object> read_order(std::string_view content_type, std::string_view body,
                                 std::string_view needed, const member_names& members) {
    if (!is_json(content_type))
        return refused(
            {.status = 415, .detail = "The order must be sent with Content-Type: application/json."});
    auto order = read_object(body, needed);
    if (!order) return order;
    if (const auto known = check_members(*order, members); !known) return refused(known.error());
    return order;
}

checked<std::string> read_reason(const json::object& order) {
    const auto* given = order.if_contains("reason");
    const std::string_view text = given != nullptr && given->is_string() ? view_of(given->get_string()) : "";
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return unprocessable("\"reason\" must say why: the journal keeps it with your name.");
    if (characters(text) > reason_limit)
        return unprocessable(fmt::format("\"reason\" may have up to {} characters.", reason_limit));
    if (has_control(text)) return unprocessable("\"reason\" must be one line without control characters.");
    return std::string(text);
}

checked<std::optional<wall_time>> read_expiry(const json::object& order, wall_time now) {
    const auto* given = order.if_contains("expires");
    if (given == nullptr || given->is_null()) return std::nullopt;
    const std::string_view text = given->is_string() ? view_of(given->get_string()) : "";
    const auto day = parse_date(text.substr(0, 10));
    if (!day || !has_zone(text))
        return unprocessable(
            "\"expires\" must be a time with its zone (RFC 3339), such as \"2030-01-31T18:00:00Z\".");
    // Days first: they cannot overflow.
    if (*day > std::chrono::floor<std::chrono::days>(now) + expiry_limit)
        return unprocessable(
            "\"expires\" is more than ten years ahead; leave it out for an order without end.");
    if (*day < std::chrono::floor<std::chrono::days>(now) - std::chrono::days(1))
        return unprocessable("\"expires\" has passed already.");
    const auto at = parse_rfc3339(text);
    if (!at) return unprocessable("\"expires\" must be a time (RFC 3339), such as \"2030-01-31T18:00:00Z\".");
    if (*at <= now) return unprocessable("\"expires\" has passed already.");
    return at;
}

checked<std::optional<caller::pattern>> read_caller(const json::object& order) {
    const auto* given = order.if_contains("caller");
    if (given == nullptr) return std::nullopt;
    auto of = given->is_string() ? caller::pattern::parse(view_of(given->get_string())) : std::nullopt;
    if (!of || of->text() == "*")
        return unprocessable(
            "\"caller\" must name callers as cached_callers does: a certificate's subject such as "
            "\"CN=Pharmacy One,O=Example,C=BE\", \"DNS:…\", \"URI:…\", \"email:…\", \"CA:…\", \"subject:…\" "
            "or "
            "\"issuer:…\". For everybody write \"all\": true.");
    if (of->text().starts_with("attribute:"))
        return unprocessable(
            "What an assertion says beside its subject is not kept: name callers by \"subject:…\" or "
            "\"issuer:…\".");
    if (has_control(of->text())) return unprocessable("\"caller\" must not have control characters.");
    return of;
}

checked<std::string> read_text(const json::object& from, std::string_view name) {
    const auto* given = from.if_contains({name.data(), name.size()});
    if (given == nullptr || given->is_null()) return std::string();
    if (!given->is_string()) return unprocessable(fmt::format("\"{}\" must be a text.", name));
    return std::string(view_of(given->get_string()));
}

}  // namespace garde::admin
