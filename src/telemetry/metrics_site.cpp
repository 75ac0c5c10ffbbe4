// See metrics_site.hpp.
#include "garde/telemetry/metrics_site.hpp"

#include "garde/telemetry/openmetrics.hpp"

#include <algorithm>

namespace garde::telemetry {

metrics_site::metrics_site(net::event_loop& desk, sources from)
    : from_(std::move(from)),
      started_(wall_now()),
      server_(desk, [this](const net::page_request& request) { return answer(request); }) {}

net::task<net::page_reply> metrics_site::answer(const net::page_request& request) const {
    co_return answer_metrics(request.head.method, request.head.path, [this] { return gather(); });
}

std::string metrics_site::gather() const {
    const auto counted = from_.counted();
    const config::settings_ptr settings = counted.front()->settings;
    proxy::counter_totals totals(proxy::backends_by_service(settings->services));
    // A worker that has not yet taken up the configuration that another one has is left out until it has.
    for (const auto& each : counted)
        if (each->settings == settings) each->counters->add_to(totals);
    const bool cached =
        std::ranges::any_of(settings->services, [](const auto& each) { return each.cache.has_value(); });
    const process_facts process = read_process_facts(started_);
    return metrics_page({.services = settings->services,
                         .counters = totals,
                         .process = process,
                         .now = view_.get(),
                         .load = from_.load ? std::optional(from_.load(*settings)) : std::nullopt,
                         .assertions = from_.assertions && settings->callers->assertions
                                           ? std::optional(from_.assertions())
                                           : std::nullopt,
                         .cache = from_.cache && cached ? std::optional(from_.cache()) : std::nullopt,
                         .cache_store = from_.cache_store ? from_.cache_store() : std::nullopt,
                         .ledger = from_.ledger ? from_.ledger() : std::nullopt,
                         .checkpoints = from_.checkpoints ? std::optional(from_.checkpoints()) : std::nullopt,
                         .workers = from_.workers ? from_.workers() : std::vector<worker_health>{}});
}

net::page_reply answer_metrics(std::string_view method, std::string_view path,
                               const std::function<std::string()>& gather) {
    if (path != "/metrics") return {.status = 404, .fields = {}, .body = "The metrics are at /metrics.\n"};
    if (method != "GET" && method != "HEAD")
        return {.status = 405, .fields = {{"Allow", "GET, HEAD"}}, .body = "Ask with GET.\n"};
    return {.status = 200,
            .content_type = std::string(openmetrics_type),
            .fields = {{"Cache-Control", "no-store"}},
            .body = gather()};
}

}  // namespace garde::telemetry
