// See scenario.hpp.
#include "scenario.hpp"

#include "../support/fixtures.hpp"
#include "../support/pki.hpp"

#include <algorithm>

namespace garde::sim {
namespace {

using namespace std::chrono_literals;
using continuity::override_mode;

constexpr std::uint16_t first_backend_port = 7001;

/// The same in every run: made from one seed, at the time at which runs begin.
const test::pki& certificates() {
    static const test::pki& made = [] -> const test::pki& {
        const kernel at_the_time_of_runs(0);
        seed_openssl(0);
        return test::pki::shared();
    }();
    return made;
}

config::switchover_settings make_switchover(chance& luck, std::size_t backends) {
    config::switchover_settings out;
    out.attempt_timeout = luck.between(1'000ms, 2'500ms);
    out.connect_timeout = luck.between(400ms, 1'000ms);
    // Each backend may use up its time, and the last one still answers.
    out.exchange_timeout = out.attempt_timeout * static_cast<int>(backends) + 500ms;
    out.hold_down = luck.between(500ms, 4'000ms);
    out.degraded_hold_down = luck.between(200ms, 1'500ms);
    out.min_dwell = luck.between(0ms, 1'500ms);
    out.ejection_time = luck.between(500ms, 4'000ms);
    out.traffic_fall = luck.between(2, 6);
    out.replay_detection = luck.percent(50);
    out.distinct_callers = luck.between(1, 3);
    out.failure_window = luck.between(1'000ms, 5'000ms);
    out.trial_interval = luck.between(200ms, 1'000ms);
    if (luck.percent(40)) out.canary.clear();
    out.canary_step = luck.between(100ms, 600ms);
    out.ramp_step = luck.between(100ms, 400ms);
    out.longest_hold_down = out.hold_down * luck.between(1, 4);
    out.longest_ejection = out.ejection_time * luck.between(1, 4);
    out.switchovers_per_hour = 1'000;
    return out;
}

config::probe_settings make_probe(chance& luck) {
    config::probe_settings out;
    out.type =
        luck.one_of(std::vector{config::probe_type::tcp, config::probe_type::http, config::probe_type::soap});
    out.path = "/probe";
    out.body =
        "<s:Envelope "
        "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><probe/></s:Body></s:Envelope>";
    out.expect_element = "alive";
    out.interval = luck.between(300ms, 2'000ms);
    out.timeout = luck.between(500ms, 1'000ms);
    out.jitter = luck.between(0ms, 200ms);
    out.rise = luck.between(1, 3);
    out.fall = luck.between(1, 3);
    return out;
}

config::backend_settings make_backend(const backend_plan& plan, bool primary) {
    config::backend_settings out;
    out.name = plan.name;
    out.role = primary ? config::backend_role::primary : config::backend_role::backup;
    out.address = {.host = "127.0.0.1", .port = plan.port};
    out.tls = plan.tls;
    out.server_name = test::server_name;
    out.ca = certificates().ca();
    return out;
}

/// With a procedure, and routes whose answers are SOAP; or without one, for a route of plain HTTP.
config::service_settings make_service(chance& luck, const service_plan& plan, bool with_procedure) {
    config::service_settings out;
    out.name = with_procedure ? "counter" : "bare";
    for (const auto& one : plan.backends)
        out.backends.push_back(make_backend(one, &one == &plan.backends.front()));
    const auto add_route = [&](const char* path, config::route_kind kind, bool safe) {
        config::route_settings route;
        route.path = path;
        route.kind = kind;
        route.replay_safe = safe;
        out.routes.push_back(std::move(route));
    };
    if (with_procedure) {
        add_route("/consult", config::route_kind::soap, true);
        add_route("/report", config::route_kind::soap, false);
        out.procedure.emplace();
        out.procedure->folder = test::fixtures() / "procedures";
        out.procedure->name = "counter";
        out.procedure->environment = "Test";
    } else {
        add_route("/bare/*", config::route_kind::http, luck.percent(50));
    }
    const config::probe_settings probe = make_probe(luck);
    for (auto& backend : out.backends) backend.probe = probe;
    out.switchover = make_switchover(luck, plan.backends.size());
    return out;
}

trouble make_trouble(chance& luck, moment ends) {
    trouble out;
    out.from = luck.between(moment(200ms), ends - moment(1s));
    out.until = std::min(ends, out.from + luck.between(moment(100ms), moment(8s)));
    out.what = static_cast<malady>(luck.below(real_maladies));
    const auto fate = luck.below(4);
    out.in_traffic = fate != 0;
    out.in_probes = fate != 1;
    out.percent = luck.percent(60) ? 100 : luck.between(10, 90);
    return out;
}

backend_plan make_backend_plan(chance& luck, std::uint16_t port, moment ends) {
    backend_plan out{.name = "backend-" + std::to_string(port), .port = port};
    out.tls = luck.percent(25);
    if (luck.percent(40)) out.requests_per_connection = luck.between(1, 5);
    out.patience = luck.between(moment(800ms), moment(20s));
    out.longest_work = luck.between(1ms, 60ms);
    for (auto left = luck.below(5); left > 0; --left) out.troubles.push_back(make_trouble(luck, ends));
    return out;
}

order_plan make_order(chance& luck, moment ends, std::size_t services) {
    static const std::vector all{override_mode::primary, override_mode::backup, override_mode::degraded,
                                 override_mode::emergency, override_mode::transparent};
    order_plan out;
    out.at = luck.between(moment(100ms), ends - moment(2s));
    out.service = luck.below(services);
    out.pinned = luck.one_of(all);
    out.strict = luck.percent(30);
    out.lasts = luck.between(moment(100ms), ends - out.at);
    out.expires = luck.percent(50);
    return out;
}

caller_plan make_caller(chance& luck) {
    caller_plan out;
    out.requests_per_connection = luck.between(1, 15);
    out.longest_pause = luck.between(200ms, 4'000ms);
    if (luck.percent(25)) out.most_segment = luck.between<std::size_t>(1, 300);
    if (luck.percent(25)) out.leaves_percent = luck.between(1, 30);
    return out;
}

void add_services(chance& luck, scenario& to) {
    std::uint16_t port = first_backend_port;
    const std::size_t services = luck.percent(35) ? 2 : 1;
    for (std::size_t i = 0; i < services; ++i) {
        auto& plan = to.services.emplace_back();
        for (auto left = luck.between(1, 3); left > 0; --left)
            plan.backends.push_back(make_backend_plan(luck, port++, to.trouble_ends));
        to.settings->services.push_back(make_service(luck, plan, i == 0));
    }
}

}  // namespace

bool backend_plan::works(moment from, moment until) const {
    return std::ranges::none_of(troubles,
                                [&](const trouble& one) { return one.from < until && from < one.until; });
}

scenario make_scenario(std::uint64_t seed) {
    chance luck(seed);
    scenario out{.seed = seed, .settings = std::make_shared<config::settings>(), .promised = nullptr};
    out.promised = out.settings;
    out.trouble_ends = luck.between(moment(8s), moment(25s));
    out.settings->node_name = "node-1";
    out.settings->listener.address = {.host = "127.0.0.1", .port = 8443};
    out.settings->listener.tls = certificates().server();
    out.settings->listener.clients = config::client_certificates::off;
    out.settings->admin.tls = certificates().server();
    out.settings->status.public_url = "https://status.garde.test";
    out.settings->limits.commit_bytes = luck.percent(30) ? 2'000 : 256 * 1024;
    add_services(luck, out);
    out.workers = luck.percent(30) ? 2 : 1;
    for (auto left = luck.between(3, 6); left > 0; --left) out.callers.push_back(make_caller(luck));
    if (luck.percent(40))
        for (auto left = luck.between(1, 3); left > 0; --left)
            out.orders.push_back(make_order(luck, out.trouble_ends, out.services.size()));
    if (luck.percent(40))
        for (auto left = luck.between(1, 6); left > 0; --left)
            out.naps.push_back({luck.between(moment(0), out.trouble_ends), luck.below(out.workers + 1),
                                luck.between(moment(10ms), moment(200ms))});
    if (luck.percent(30))
        for (auto left = luck.between(1, 4); left > 0; --left)
            out.wall_jumps.emplace_back(luck.between(moment(0), out.trouble_ends),
                                        luck.between(-moment(10min), moment(10min)));
    if (luck.percent(20)) out.reloads.push_back(luck.between(moment(1s), out.trouble_ends));
    if (luck.percent(30)) out.lost_reports_percent = luck.between(1, 100);
    out.longest_disk_delay = luck.percent(30) ? moment(3s) : moment(20ms);
    if (luck.percent(30)) out.failing_store_percent = luck.between(1, 100);
    return out;
}

moment time_to_settle(const config::service_settings& service) {
    const auto& probe = service.backends.front().probe;
    const auto& rules = service.switchover;
    const milliseconds probed = (probe.slow_interval + probe.jitter + probe.timeout) * (probe.rise + 1);
    // A suspicion may last as long as what failed is remembered; who was down may first have to be tried.
    const milliseconds tried = rules.trial_interval * 32 + rules.ejection_time;
    return probed + rules.longest_ejection + tried + rules.failure_window + rules.hold_down +
           milliseconds(1'000);
}

moment time_to_recover(const config::service_settings& service) {
    const auto& rules = service.switchover;
    const auto steps = static_cast<int>(rules.canary.size());
    return time_to_settle(service) + rules.longest_hold_down + rules.min_dwell +
           steps * (rules.canary_step + rules.ramp_step) + milliseconds(1'000);
}

}  // namespace garde::sim
