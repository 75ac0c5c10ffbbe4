// See sections.hpp: what callers get when no backend answers: [[service.stand_in]], and what a route says of
// deferrals.
#include "sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_rules = 64;
constexpr std::size_t most_an_hour = 10'000'000;

constexpr std::array<choice<stand_in_decision>, 3> decisions{{{"cache", stand_in_decision::cache},
                                                              {"defer", stand_in_decision::defer},
                                                              {"procedure", stand_in_decision::procedure}}};
constexpr std::array<choice<std::optional<continuity::mode>>, 2> modes{
    {{"degraded", continuity::mode::degraded}, {"emergency", continuity::mode::emergency}}};
constexpr std::array<choice<deferral>, 3> deferrals{
    {{"none", deferral::none}, {"reference", deferral::reference}, {"message", deferral::message}}};

void read_seconds(table_reader& in, std::string_view key, std::optional<std::chrono::seconds>& into) {
    std::chrono::seconds value{0};
    in.read_duration(key, value, {1s, 10 * 365 * 24h});
    if (in.has(key)) into = value;
}

void read_count(table_reader& in, std::string_view key, std::optional<std::size_t>& into) {
    std::size_t value = 0;
    in.read_number(key, value, {0, most_an_hour});
    if (in.has(key)) into = value;
}

/// Nothing is younger than a day and at the same time a week old.
void check_span(table_reader& in, std::string_view least, const std::optional<std::chrono::seconds>& from,
                std::string_view most, const std::optional<std::chrono::seconds>& below) {
    if (from && below && *from >= *below)
        in.error(least, fmt::format("and {} leave nothing between them", most),
                 fmt::format("write a shorter {}, or a longer {}", least, most));
}

/// A rule that can never decide is a mistake.
void check_possible(table_reader& in, const stand_in_rule& rule, const service_settings& service) {
    const bool needs_cache =
        rule.decide == stand_in_decision::cache || rule.consult_older || rule.consult_younger;
    if (needs_cache && !service.cache)
        in.error("decide", "can never hold: this service keeps no answers",
                 "add [service.cache], or remove the rule");
    if (rule.decide == stand_in_decision::cache && rule.mode == continuity::mode::emergency)
        in.error("mode", "= \"emergency\" has no kept answers to give",
                 "write mode = \"degraded\", or leave it out");
    if (rule.decide == stand_in_decision::defer && std::ranges::all_of(service.routes, [](const auto& route) {
            return route.deferred == deferral::none;
        }))
        in.error("decide", "= \"defer\" can never hold: no route of this service keeps requests",
                 "write deferred = \"message\" or \"reference\" in a [[service.route]]");
    if (!service.procedure)
        in.error("decide", "has no procedure to hand out besides", "add [service.procedure]");
}

stand_in_rule read_rule(table_reader& in, const caller_groups& groups, const service_settings& service) {
    stand_in_rule out;
    read_name(in, out.name, need::required, "\"old-consults\"");
    in.set_label(out.name);
    in.read_choice("decide", out.decide, decisions, need::required);
    in.read_choice("mode", out.mode, modes);
    out.callers = read_patterns(in, "callers", need::optional, "[\"group:hospitals\"]", &groups);
    in.read_texts("request_types", out.request_types, "[\"information\"]");
    read_seconds(in, "consult_younger", out.consult_younger);
    read_seconds(in, "consult_older", out.consult_older);
    read_seconds(in, "outage_shorter", out.outage_shorter);
    read_seconds(in, "outage_longer", out.outage_longer);
    read_count(in, "per_hour", out.limits.of_all);
    read_count(in, "per_caller_and_hour", out.limits.per_caller);
    in.finish();
    check_span(in, "consult_older", out.consult_older, "consult_younger", out.consult_younger);
    check_span(in, "outage_longer", out.outage_longer, "outage_shorter", out.outage_shorter);
    if (out.name == "default")
        in.error("name", "= \"default\" is what holds when no rule fits", "write another name");
    if (out.decide == stand_in_decision::procedure && out.limits.any())
        in.error(out.limits.of_all ? "per_hour" : "per_caller_and_hour",
                 "limits the procedure, which is what callers get over a limit", "remove it");
    check_possible(in, out, service);
    return out;
}

/// Only what an HTTP field may be called (RFC 9110, 5.6.2).
bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
        return std::isalnum(c) != 0 || others.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

/// A route alone keeps nothing.
void check_decided(const service_settings& service, const std::vector<stand_in_rule>& rules, int line,
                   report& problems) {
    const bool kept = std::ranges::any_of(service.routes,
                                          [](const auto& route) { return route.deferred != deferral::none; });
    if (kept &&
        std::ranges::none_of(rules, [](const auto& rule) { return rule.decide == stand_in_decision::defer; }))
        problems.warning(
            line, fmt::format("service \"{}\" keeps no request: no rule decides so", service.name),
            "add a [[service.stand_in]] with decide = \"defer\", or remove deferred from its routes");
}

void check_deferral(table_reader& in, const last_means& means, const route_settings& route) {
    if (!means.ledger) in.error("deferred", "has nowhere to keep requests", "add [ledger] with its key");
    if (!means.callers.certificates && !means.callers.assertions)
        in.error("deferred",
                 "is for callers who prove who they are, but [listener] clients is \"off\" and there is no "
                 "[assertions]",
                 "write clients = \"optional\" with client_ca, or add [assertions]");
    if (!in.has("deferred_callers"))
        in.error("deferred", "names no caller whose requests are kept",
                 "add deferred_callers = [\"*\"], or those who opted in");
    if (!in.has("stays_valid"))
        in.error("deferred", "does not say how long a request is worth asking again",
                 "add e.g. stays_valid = \"3d\"");
    check_means(in, "deferred_callers", *route.deferred_callers, means.callers);
    if (!route.idempotency_header.empty() && !is_token(route.idempotency_header))
        in.error("idempotency_header", "is no name of a header", "write e.g. \"Idempotency-Key\"");
    if (route.deferred == deferral::reference && !route.idempotency_header.empty())
        in.error("idempotency_header", "has no use where garde does not ask again",
                 "write deferred = \"message\", or remove it");
}

}  // namespace

void read_deferral(table_reader& in, const last_means& means, route_settings& into) {
    in.read_choice("deferred", into.deferred, deferrals);
    into.deferred_callers = std::make_shared<const std::vector<caller::pattern>>(
        read_patterns(in, "deferred_callers", need::optional, "[\"*\"]", &means.callers.groups));
    in.read_duration("stays_valid", into.stays_valid, {1s, 30 * 24h});
    in.read_text("idempotency_header", into.idempotency_header, need::optional, "\"Idempotency-Key\"");
    if (into.deferred != deferral::none) return check_deferral(in, means, into);
    for (const auto* key : {"deferred_callers", "stays_valid", "idempotency_header"})
        if (in.has(key))
            in.error(key, "has no use without deferred",
                     "write deferred = \"message\" or \"reference\", or remove it");
}

std::vector<stand_in_rule> read_stand_in(std::vector<table_reader> in, const caller_groups& groups,
                                         const service_settings& service, int service_line,
                                         report& problems) {
    std::vector<stand_in_rule> out;
    std::map<std::string, int> names;
    for (auto& one : in) {
        out.push_back(read_rule(one, groups, service));
        const int line = one.line_of({"name"});
        if (const auto [other, fresh] = names.emplace(out.back().name, line);
            !fresh && !out.back().name.empty())
            problems.error(line,
                           fmt::format("{} is there twice, first in line {}", one.name(), other->second),
                           "give each rule of a service a name of its own: receipts name it");
        if (out.size() == most_rules + 1)
            problems.error(line, fmt::format("there are more than {} rules", most_rules), "remove some");
    }
    check_decided(service, out, service_line, problems);
    return out;
}

}  // namespace garde::config
