// See requests.hpp.
#include "requests.hpp"

#include "request_fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ranges>

namespace garde::admin {
namespace {

constexpr std::array<std::string_view, 4> mode_members{"mode", "reason", "expires", "strict"};
constexpr member_names of_mode{mode_members, "\"mode\", \"reason\", \"expires\" and \"strict\""};
constexpr std::array<std::string_view, 2> procedure_members{"open", "reason"};
constexpr member_names of_procedure{procedure_members, "\"open\" and \"reason\""};

constexpr std::array<std::string_view, 5> exercise_members{"begin", "route", "caller", "expires", "reason"};
constexpr member_names of_exercise{exercise_members,
                                   "\"begin\", \"route\", \"caller\", \"expires\" and \"reason\""};
constexpr std::array<std::string_view, 4> purge_members{"caller", "before", "all", "reason"};
constexpr std::array<std::string_view, 6> fact_members{"mode",        "caller", "request_type",
                                                       "consult_age", "outage", "deferrable"};
constexpr member_names of_facts{
    fact_members, "\"mode\", \"caller\", \"request_type\", \"consult_age\", \"outage\" and \"deferrable\""};
constexpr member_names of_purge{purge_members, "\"caller\", \"before\", \"all\" and \"reason\""};
constexpr std::array<std::string_view, 2> erasure_members{"before", "reason"};
constexpr member_names of_erasure{erasure_members, "\"before\" and \"reason\""};

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

checked<bool> read_strict(const json::object& order) {
    const auto* given = order.if_contains("strict");
    if (given == nullptr) return false;
    if (!given->is_bool()) return unprocessable("\"strict\" must be true or false.");
    return given->get_bool();
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

namespace {

/// Which requests take part.
checked<void> read_scope(const json::object& order, const config::service_settings& service,
                         control::exercise_order& into) {
    auto route = read_text(order, "route");
    if (!route) return refused(std::move(route.error()));
    auto callers = read_caller(order);
    if (!callers) return refused(std::move(callers.error()));
    if (route->empty() && !*callers)
        return unprocessable(
            "An exercise is for one route or for some callers: say \"route\" or \"caller\", or both. For the "
            "whole "
            "service there is the mode.");
    const auto& routes = service.routes;
    if (!route->empty() && std::ranges::find(routes, *route, &config::route_settings::path) == routes.end())
        return unprocessable(
            fmt::format("Service {} has no route {}; it has {}.", service.name, *route,
                        fmt::join(routes | std::views::transform(&config::route_settings::path), ", ")));
    // Who signs is not looked at before a request is relayed.
    if (*callers && !(*callers)->by_certificate())
        return unprocessable("An exercise knows callers by their certificates only.");
    into.route = std::move(*route);
    into.callers = std::move(*callers);
    return {};
}

}  // namespace

std::expected<control::exercise_request, refused_request> parse_exercise_request(
    std::string_view content_type, std::string_view body, const config::service_settings& service,
    std::string_view by, wall_time now) {
    const auto order = read_order(content_type, body, of_exercise.listed, of_exercise);
    if (!order) return refused(order.error());
    const auto* begin = order->if_contains("begin");
    if (begin == nullptr || !begin->is_bool())
        return unprocessable(
            "\"begin\" must be true to begin an exercise, false to end those of the service.");
    auto reason = read_reason(*order);
    if (!reason) return refused(std::move(reason.error()));
    control::exercise_request out{.begin = begin->get_bool(), .ordered = {}};
    out.ordered.service = service.name;
    out.ordered.by = by;
    out.ordered.reason = std::move(*reason);
    if (!out.begin) return out;
    if (!service.procedure)
        return unprocessable(
            fmt::format("Service {} has no emergency procedure, so there is nothing to rehearse: its "
                        "configuration has no "
                        "[service.procedure].",
                        service.name));
    const auto until = read_expiry(*order, now);
    if (!until) return refused(until.error());
    if (!*until || **until > now + longest_exercise)
        return unprocessable("\"expires\" must say until when, at most eight hours ahead.");
    out.ordered.until = **until;
    if (auto scope = read_scope(*order, service, out.ordered); !scope)
        return refused(std::move(scope.error()));
    return out;
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
