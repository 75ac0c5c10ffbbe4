// See records.hpp.
#include "records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace garde::control {
namespace {

using continuity::to_text;

const std::string& name_of(const config::service_settings& service, continuity::backend_index backend) {
    return service.backends[continuity::to_number(backend)].name;
}

std::string describe(const continuity::evidence& observed) {
    if (observed.last_reason == continuity::reason::none) return "nothing amiss";
    std::string out = fmt::format("{} failed probes and {} failed attempts in a row", observed.probe_failures,
                                  observed.traffic_failures);
    if (observed.callers > 0) out += fmt::format(", failures of {} callers lately", observed.callers);
    return out + fmt::format(", last {}", to_text(observed.last_reason));
}

std::string describe(const config::service_settings& service,
                     const std::vector<continuity::backend_evidence>& all) {
    std::string out;
    for (const auto& one : all) {
        if (!out.empty()) out += "; ";
        out += fmt::format("{} {}: {}", name_of(service, one.backend), to_text(one.state),
                           describe(one.observed));
    }
    return out;
}

}  // namespace

wall_time to_wall(steady_time at) {
    return wall_now() -
           std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - at);
}

std::optional<steady_time> steady_until(const std::optional<wall_time>& until) {
    if (!until) return std::nullopt;
    const auto left = std::max(*until - wall_now(), std::chrono::nanoseconds(0));
    return std::chrono::steady_clock::now() + std::chrono::duration_cast<milliseconds>(left);
}

journal::record switchover_record(const config::service_settings& service,
                                  const config::service_settings& former,
                                  const continuity::record_switchover& what) {
    journal::record out{.at = to_wall(what.decided), .event = "switchover", .attributes = {}};
    out.attributes = {{"service", service.name},
                      {"from", std::string(to_text(what.from.current))},
                      {"to", std::string(to_text(what.to.current))}};
    if (what.from.active) out.attributes.emplace_back("from-backend", name_of(former, *what.from.active));
    if (what.to.active) out.attributes.emplace_back("to-backend", name_of(service, *what.to.active));
    out.attributes.emplace_back("cause", to_text(what.why));
    out.attributes.emplace_back("by", what.by);
    if (!what.reason.empty()) out.attributes.emplace_back("reason", what.reason);
    out.attributes.emplace_back("evidence", describe(service, what.evidence));
    out.attributes.emplace_back("requests-touched", std::to_string(what.requests_touched));
    out.attributes.emplace_back("first-symptom", to_rfc3339(to_wall(what.first_symptom)));
    out.attributes.emplace_back("detected", to_rfc3339(to_wall(what.detected)));
    out.attributes.emplace_back("decided", to_rfc3339(out.at));
    return out;
}

journal::record backend_change_record(const config::service_settings& service,
                                      const config::service_settings& former,
                                      const continuity::record_backend_change& what) {
    return {.at = wall_now(),
            .event = "backend-change",
            .attributes = {{"service", service.name},
                           {"from-backend", name_of(former, what.from)},
                           {"to-backend", name_of(service, what.to)}}};
}

journal::record verdict_record(const config::service_settings& service,
                               const continuity::record_verdict& what) {
    return {.at = wall_now(),
            .event = "verdict",
            .attributes = {{"service", service.name},
                           {"backend", name_of(service, what.backend)},
                           {"from", std::string(to_text(what.from))},
                           {"to", std::string(to_text(what.to))},
                           {"evidence", describe(what.observed)}}};
}

journal::record agreement_record(const config::service_settings& service, continuity::backend_index backend,
                                 const continuity::probe_agreement& found) {
    using continuity::agreement;
    journal::record out{
        .at = wall_now(),
        .event = found.current() == agreement::agree ? "probes-agree-again" : "probes-disagree",
        .attributes = {{"service", service.name}, {"backend", name_of(service, backend)}}};
    if (found.current() == agreement::agree) return out;
    out.attributes.emplace_back("passes",
                                found.current() == agreement::only_deep_passes ? "deep" : "shallow");
    out.attributes.emplace_back("failure", to_text(found.why()));
    return out;
}

journal::record network_record(const config::settings& node, continuity::connection now) {
    return {.at = wall_now(),
            .event = now == continuity::connection::cut_off ? "cut-off" : "connected-again",
            .attributes = {{"node", node.node_name}}};
}

journal::record probe_verdict_record(const config::service_settings& service,
                                     const continuity::record_verdict& what) {
    journal::record out = verdict_record(service, what);
    out.event = "probe-verdict";
    return out;
}

journal::record reload_record(const config::settings& former, const config::settings& now,
                              const std::string& by) {
    return {.at = wall_now(),
            .event = "reload",
            .attributes = {{"node", now.node_name}, {"by", by}, {"former-configuration", former.sha256}},
            .configuration = now.sha256};
}

journal::record procedure_record(const config::service_settings& service,
                                 const continuity::record_procedure& what) {
    journal::record out{.at = wall_now(),
                        .event = what.open ? "procedure-opened" : "procedure-closed",
                        .attributes = {{"service", service.name}, {"by", what.by}}};
    if (!what.reason.empty()) out.attributes.emplace_back("reason", what.reason);
    return out;
}

journal::record procedure_order_record(const config::service_settings& service, const procedure_request& what,
                                       bool already) {
    journal::record out =
        procedure_record(service, {.open = what.open, .by = what.by, .reason = what.reason});
    if (already) out.attributes.emplace_back("already", "yes");
    return out;
}

journal::record freeze_record(const config::service_settings& service,
                              const continuity::record_freeze& what) {
    return {
        .at = wall_now(),
        .event = what.frozen ? "mode-frozen" : "mode-unfrozen",
        .attributes = {{"service", service.name},
                       {"switchovers-per-hour", std::to_string(service.switchover.switchovers_per_hour)}}};
}

journal::record insurer_record(const config::service_settings& service,
                               const continuity::record_insurer& what) {
    return {.at = wall_now(),
            .event = what.failing ? "insurer-failing" : "insurer-answers-again",
            .attributes = {{"service", service.name},
                           {"backend", name_of(service, what.backend)},
                           {"insurer", std::to_string(std::to_underlying(what.asked))}}};
}

journal::record domain_record(const config::service_settings& service,
                              const continuity::record_domain& what) {
    return {.at = wall_now(),
            .event = what.suspect ? "domain-suspect" : "domain-cleared",
            .attributes = {{"service", service.name},
                           {"kind", what.kind},
                           {"domain", what.name.empty() ? "unknown" : what.name}}};
}

journal::record override_record(const mode_request& what) {
    journal::record out{
        .at = wall_now(), .event = what.pinned ? "override" : "override-cleared", .attributes = {}};
    out.attributes = {{"service", what.service},
                      {"mode", what.pinned ? std::string(to_text(*what.pinned)) : std::string("automatic")},
                      {"by", what.by},
                      {"reason", what.reason}};
    if (what.pinned) {
        out.attributes.emplace_back("strict", what.strict ? "yes" : "no");
        out.attributes.emplace_back("until", what.until ? to_rfc3339(*what.until) : std::string("cleared"));
    }
    return out;
}

namespace {

journal::record exercise_record(std::string event, const exercise_run& of) {
    journal::record out{.at = wall_now(), .event = std::move(event), .attributes = {}, .drill = true};
    out.attributes = {{"id", of.what->id}, {"service", of.ordered.service}, {"mode", "emergency"}};
    if (!of.ordered.route.empty()) out.attributes.emplace_back("route", of.ordered.route);
    if (of.ordered.callers) out.attributes.emplace_back("caller", of.ordered.callers->text());
    return out;
}

}  // namespace

journal::record exercise_begun_record(const exercise_run& what) {
    auto out = exercise_record("exercise-begun", what);
    out.attributes.emplace_back("by", what.ordered.by);
    out.attributes.emplace_back("reason", what.ordered.reason);
    out.attributes.emplace_back("until", to_rfc3339(what.ordered.until));
    return out;
}

journal::record exercise_ended_record(const exercise_run& what, const exercise_end& how) {
    auto out = exercise_record("exercise-ended", what);
    out.attributes.emplace_back("cause", how.cause);
    out.attributes.emplace_back("by", how.by.empty() ? "garde" : how.by);
    if (!how.reason.empty()) out.attributes.emplace_back("reason", how.reason);
    out.attributes.emplace_back("requests",
                                std::to_string(what.what->requests.load(std::memory_order_relaxed)));
    return out;
}

}  // namespace garde::control
