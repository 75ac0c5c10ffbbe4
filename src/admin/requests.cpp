// See requests.hpp.
#include "requests.hpp"

#include "garde/base/utf8.hpp"
#include "garde/http/head.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace garde::admin {
namespace {

namespace json = boost::json;

using refused = std::unexpected<refused_request>;
template <class T>
using checked = std::expected<T, refused_request>;

refused unprocessable(std::string detail) {
    return refused({.status = 422, .detail = std::move(detail)});
}

std::string_view view_of(const json::string& text) {
    return {text.data(), text.size()};
}

bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
    return http::equal_ignoring_case(type, "application/json");
}

/// The members of an order.
struct member_names {
    std::span<const std::string_view> known;
    std::string_view listed;  ///< the same as a sentence lists them
};
constexpr std::array<std::string_view, 4> mode_members{"mode", "reason", "expires", "strict"};
constexpr member_names of_mode{mode_members, "\"mode\", \"reason\", \"expires\" and \"strict\""};
constexpr std::array<std::string_view, 2> procedure_members{"open", "reason"};
constexpr member_names of_procedure{procedure_members, "\"open\" and \"reason\""};

constexpr std::array<std::string_view, 4> purge_members{"caller", "before", "all", "reason"};
constexpr std::array<std::string_view, 6> fact_members{"mode",        "caller", "request_type",
                                                       "consult_age", "outage", "deferrable"};
constexpr member_names of_facts{
    fact_members, "\"mode\", \"caller\", \"request_type\", \"consult_age\", \"outage\" and \"deferrable\""};
constexpr member_names of_purge{purge_members, "\"caller\", \"before\", \"all\" and \"reason\""};
constexpr std::array<std::string_view, 2> erasure_members{"before", "reason"};
constexpr member_names of_erasure{erasure_members, "\"before\" and \"reason\""};

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

/// Nothing inside means automatic.
checked<std::optional<continuity::override_mode>> read_mode(const json::object& order,
                                                            const config::service_settings& service) {
    const auto* given = order.if_contains("mode");
    const std::string_view name = given != nullptr && given->is_string() ? view_of(given->get_string()) : "";
    if (name == "automatic") return std::nullopt;
    const auto mode = continuity::override_mode_from(name);
    if (!mode)
        return unprocessable(
            "\"mode\" must be one of \"automatic\", \"primary\", \"backup\", \"degraded\", "
            "\"emergency\" and \"transparent\".");
    if (*mode == continuity::override_mode::backup &&
        std::ranges::none_of(service.backends,
                             [](const auto& one) { return one.role == config::backend_role::backup; }))
        return unprocessable(fmt::format("Service {} has no backup to go to.", service.name));
    return mode;
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

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
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

/// Without a zone an operator's own time would be taken for UTC.
bool has_zone(std::string_view text) {
    return text.ends_with('Z') ||
           (text.size() > 6 && (text[text.size() - 6] == '+' || text[text.size() - 6] == '-'));
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

checked<bool> read_strict(const json::object& order) {
    const auto* given = order.if_contains("strict");
    if (given == nullptr) return false;
    if (!given->is_bool()) return unprocessable("\"strict\" must be true or false.");
    return given->get_bool();
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

checked<std::optional<wall_time>> read_before(const json::object& order, wall_time now) {
    const auto* given = order.if_contains("before");
    if (given == nullptr) return std::nullopt;
    const std::string_view text = given->is_string() ? view_of(given->get_string()) : "";
    const auto at = has_zone(text) ? parse_rfc3339(text) : std::nullopt;
    if (!at || *at > now)
        return unprocessable(
            "\"before\" must be a time that has passed, with its zone (RFC 3339), such as "
            "\"2024-01-31T18:00:00Z\".");
    return at;
}

/// A number of seconds; nothing when it is not said.
checked<std::optional<std::chrono::seconds>> read_seconds(const json::object& facts, std::string_view name) {
    constexpr std::int64_t most = 10LL * 365 * 24 * 3600;
    const auto* given = facts.if_contains({name.data(), name.size()});
    if (given == nullptr || given->is_null()) return std::nullopt;
    if (!given->is_int64() || given->get_int64() < 0 || given->get_int64() > most)
        return unprocessable(fmt::format("\"{}\" must be a whole number of seconds.", name));
    return std::chrono::seconds(given->get_int64());
}

checked<std::string> read_text(const json::object& from, std::string_view name) {
    const auto* given = from.if_contains({name.data(), name.size()});
    if (given == nullptr || given->is_null()) return std::string();
    if (!given->is_string()) return unprocessable(fmt::format("\"{}\" must be a text.", name));
    return std::string(view_of(given->get_string()));
}

/// Unverified when it is not said.
checked<caller::identity> read_identity(const json::object& facts) {
    const auto* given = facts.if_contains("caller");
    if (given == nullptr || given->is_null()) return caller::identity();
    const auto wrong = [] {
        return unprocessable(
            "\"caller\" must be an object with \"subject\", and \"issuer\" and \"names\" (such as "
            "[\"DNS:a.example\"]) "
            "where they matter. Leave it out for a caller who has not shown who he is.");
    };
    if (!given->is_object()) return wrong();
    const auto& members = given->get_object();
    auto issuer = read_text(members, "issuer");
    auto subject = read_text(members, "subject");
    if (!issuer || !subject) return wrong();
    std::vector<std::string> names;
    if (const auto* listed = members.if_contains("names")) {
        if (!listed->is_array()) return wrong();
        for (const auto& one : listed->get_array()) {
            if (!one.is_string()) return wrong();
            names.emplace_back(view_of(one.get_string()));
        }
    }
    return caller::identity(std::move(*issuer), std::move(*subject), std::move(names));
}

checked<continuity::mode> read_stand_in_mode(const json::object& facts) {
    const auto name = read_text(facts, "mode");
    if (name && (name->empty() || *name == "degraded")) return continuity::mode::degraded;
    if (name && *name == "emergency") return continuity::mode::emergency;
    return unprocessable("\"mode\" must be \"degraded\" or \"emergency\": with a backend nobody stands in.");
}

}  // namespace

emergency::stand_in_facts stand_in_question::facts() const {
    return {.current = current,
            .who = who,
            .request_type = request_type,
            .consult_age = consult_age,
            .outage = outage,
            .deferrable = deferrable};
}

std::expected<stand_in_question, refused_request> parse_stand_in_question(std::string_view content_type,
                                                                          std::string_view body) {
    const auto given = read_order(content_type, body, "facts", of_facts);
    if (!given) return refused(given.error());
    const auto mode = read_stand_in_mode(*given);
    if (!mode) return refused(mode.error());
    auto who = read_identity(*given);
    if (!who) return refused(std::move(who.error()));
    auto type = read_text(*given, "request_type");
    if (!type) return refused(std::move(type.error()));
    const auto age = read_seconds(*given, "consult_age");
    if (!age) return refused(age.error());
    const auto outage = read_seconds(*given, "outage");
    if (!outage) return refused(outage.error());
    const auto* deferrable = given->if_contains("deferrable");
    if (deferrable != nullptr && !deferrable->is_bool())
        return unprocessable("\"deferrable\" must be true or false.");
    return stand_in_question{.current = *mode,
                             .who = std::move(*who),
                             .request_type = std::move(*type),
                             .consult_age = *age,
                             .outage = outage->value_or(std::chrono::seconds(0)),
                             .deferrable = deferrable != nullptr && deferrable->get_bool()};
}

std::expected<purge_request, refused_request> parse_purge_request(std::string_view content_type,
                                                                  std::string_view body, wall_time now) {
    const auto order = read_order(content_type, body, of_purge.listed, of_purge);
    if (!order) return refused(order.error());
    auto of = read_caller(*order);
    if (!of) return refused(std::move(of.error()));
    const auto before = read_before(*order, now);
    if (!before) return refused(before.error());
    const auto* all = order->if_contains("all");
    if (all != nullptr && (!all->is_bool() || !all->get_bool()))
        return unprocessable("\"all\" must be true, or be left out.");
    if ((all != nullptr) == (*of || *before))
        return unprocessable(
            "What is to go must be said: \"caller\" or \"before\" or both, or else \"all\": true.");
    auto reason = read_reason(*order);
    if (!reason) return refused(std::move(reason.error()));
    return purge_request{.what = {.of = std::move(*of), .before = *before}, .reason = std::move(*reason)};
}

std::expected<control::mode_request, refused_request> parse_mode_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by, wall_time now) {
    const auto order = read_order(content_type, body, "\"mode\" and \"reason\"", of_mode);
    if (!order) return refused(order.error());
    const auto mode = read_mode(*order, service);
    if (!mode) return refused(mode.error());
    auto reason = read_reason(*order);
    if (!reason) return refused(std::move(reason.error()));
    const auto expires = read_expiry(*order, now);
    if (!expires) return refused(expires.error());
    const auto strict = read_strict(*order);
    if (!strict) return refused(strict.error());
    if (!*mode && (*expires || *strict))
        return unprocessable(
            "\"expires\" and \"strict\" are for orders that pin a mode, not for \"automatic\".");
    return control::mode_request{.service = service.name,
                                 .pinned = *mode,
                                 .strict = *strict,
                                 .by = std::string(by),
                                 .reason = std::move(*reason),
                                 .until = *expires};
}

std::expected<control::procedure_request, refused_request> parse_procedure_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by) {
    const auto order = read_order(content_type, body, of_procedure.listed, of_procedure);
    if (!order) return refused(order.error());
    const auto* open = order->if_contains("open");
    if (open == nullptr || !open->is_bool())
        return unprocessable("\"open\" must be true to open the emergency procedure, false to close it.");
    auto reason = read_reason(*order);
    if (!reason) return refused(std::move(reason.error()));
    if (!service.procedure)
        return unprocessable(fmt::format(
            "Service {} has no emergency procedure: its configuration has no [service.procedure].",
            service.name));
    return control::procedure_request{.service = service.name,
                                      .open = open->get_bool(),
                                      .by = std::string(by),
                                      .reason = std::move(*reason)};
}

std::expected<erasure_request, refused_request> parse_erasure_request(std::string_view content_type,
                                                                      std::string_view body,
                                                                      std::string_view by, wall_time now) {
    const auto order = read_order(content_type, body, of_erasure.listed, of_erasure);
    if (!order) return refused(order.error());
    const auto* given = order->if_contains("before");
    const std::string_view text = given != nullptr && given->is_string() ? view_of(given->get_string()) : "";
    const auto before = has_zone(text) ? parse_rfc3339(text) : std::nullopt;
    if (!before || *before > now)
        return unprocessable(
            "\"before\" must be a time that has passed, with its zone (RFC 3339), such as "
            "\"2018-08-09T00:00:00Z\".");
    auto reason = read_reason(*order);
    if (!reason) return refused(std::move(reason.error()));
    return erasure_request{.before = *before, .by = std::string(by), .reason = std::move(*reason)};
}

}  // namespace garde::admin
