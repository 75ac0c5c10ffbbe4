// See metrics_page.hpp.
#include "garde/telemetry/metrics_page.hpp"

#include "garde/base/version.hpp"
#include "garde/telemetry/openmetrics.hpp"

#include "cache_metrics.hpp"
#include "ledger_metrics.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace garde::telemetry {
namespace {

using proxy::counter_totals;

constexpr std::array<std::string_view, 4> modes{"primary", "backup", "degraded", "emergency"};
constexpr std::array<std::string_view, 6> orders{"automatic", "primary",   "backup",
                                                 "degraded",  "emergency", "transparent"};
constexpr std::array<std::string_view, 5> verdicts{"unknown", "up", "suspect", "down", "recovering"};

/// A counter's family with one label, whose values are an enumeration's texts.
template <class E, std::size_t N>
void enumerated(openmetrics_writer& out, std::string_view label_name,
                const std::array<std::string_view, N>& texts,
                const proxy::cells<std::uint64_t, E, N>& values) {
    for (std::size_t i = 0; i < N; ++i) {
        const std::array of{label{label_name, texts[i]}};
        out.counter(of, values.at[i]);
    }
}

/// Calls `what` with each backend's labels and its place in the counters.
template <class F>
void for_each_backend(std::span<const config::service_settings> services, F&& what) {
    for (std::size_t service = 0; service < services.size(); ++service)
        for (std::size_t backend = 0; backend < services[service].backends.size(); ++backend)
            what(std::array{label{"service", services[service].name},
                            label{"backend", services[service].backends[backend].name}},
                 service, backend);
}

template <std::size_t N>
std::array<label, N + 1> with(const std::array<label, N>& labels_so_far, label more) {
    std::array<label, N + 1> out;
    std::copy(labels_so_far.begin(), labels_so_far.end(), out.begin());
    out.back() = more;
    return out;
}

void write_process(openmetrics_writer& out, const process_facts& process) {
    const std::array version_label{label{"version", version}};
    out.family(metric_type::info, "garde_build", "The running program.");
    out.info(version_label);
    out.family(metric_type::counter, "process_cpu", "CPU time used, user and system.", "seconds");
    out.counter({}, process.cpu_seconds);
    out.family(metric_type::gauge, "process_open_fds", "Open file descriptors.");
    out.gauge({}, process.open_descriptors);
    out.family(metric_type::gauge, "process_max_fds", "Most file descriptors that may be open.");
    out.gauge({}, process.descriptor_limit);
    out.family(metric_type::gauge, "process_resident_memory", "Memory in use.", "bytes");
    out.gauge({}, process.resident_bytes);
    out.family(metric_type::gauge, "process_threads", "Threads.");
    out.gauge({}, process.threads);
    out.family(metric_type::gauge, "process_start_time", "When it started, since 1970.", "seconds");
    out.gauge({}, std::chrono::duration<double>(process.started.time_since_epoch()).count());
}

void write_callers(openmetrics_writer& out, const counter_totals& counters) {
    const auto& node = counters.node;
    out.family(metric_type::counter, "garde_connections_accepted", "Callers' connections accepted.");
    out.counter({}, node.accepted);
    out.family(metric_type::gauge, "garde_connections_open", "Callers' connections open now.");
    out.gauge({}, counters.open_connections());
    out.family(metric_type::counter, "garde_connections_ended", "Callers' connections ended, by reason.");
    enumerated(out, "reason", proxy::connection_end_texts, node.ended);
    out.family(metric_type::counter, "garde_handshakes", "TLS handshakes with callers, by result.");
    enumerated(out, "result", proxy::handshake_result_texts, node.handshakes);
    out.family(metric_type::counter, "garde_refused_requests", "Requests refused, by reason.");
    enumerated(out, "reason", proxy::refusal_texts, node.refusals);
    out.family(metric_type::counter, "garde_shed", "Connections and requests not admitted, by limit.");
    enumerated(out, "limit", proxy::shed_texts, node.sheds);
    out.family(metric_type::counter, "garde_transferred", "Heads and bodies, without TLS.", "bytes");
    enumerated(out, "direction", proxy::flow_texts, node.bytes);
    out.family(metric_type::counter, "garde_cache_offers_dropped",
               "Answers that were not offered to the cache because its queue was full.");
    out.counter({}, node.cache_offers_dropped);
}

void write_assertions(openmetrics_writer& out, const caller::assertion_counts& counted) {
    out.family(metric_type::counter, "garde_assertions",
               "Signed messages checked for the cache, by what came of it.");
    out.counter(std::array{label{"result", "accepted"}}, counted.accepted);
    for (std::size_t i = 0; i < counted.refused.size(); ++i)
        out.counter(std::array{label{"result", to_text(static_cast<caller::assertion_refusal>(i))}},
                    counted.refused[i]);
}

void write_requests(openmetrics_writer& out, const metrics_input& from) {
    out.family(metric_type::counter, "garde_requests", "Requests, by who answered and in which mode.");
    for (std::size_t service = 0; service < from.services.size(); ++service)
        for (std::size_t kind = 0; kind < proxy::answer_kind_texts.size(); ++kind)
            for (std::size_t mode = 0; mode < proxy::served_mode_texts.size(); ++mode) {
                const std::array of{label{"service", from.services[service].name},
                                    label{"answered_by", proxy::answer_kind_texts[kind]},
                                    label{"mode", proxy::served_mode_texts[mode]}};
                out.counter(of, from.counters.services[service].requests[kind].at[mode]);
            }
    out.family(
        metric_type::counter, "garde_hedges",
        "Requests sent to a second backend while the first was unusually slow, by whose answer counted.");
    for (std::size_t service = 0; service < from.services.size(); ++service)
        for (std::size_t i = 0; i < proxy::hedge_result_texts.size(); ++i) {
            const std::array of{label{"service", from.services[service].name},
                                label{"result", proxy::hedge_result_texts[i]}};
            out.counter(of, from.counters.services[service].hedges.at[i]);
        }
    const auto times = [&](std::string_view name, std::string_view help, auto member) {
        out.family(metric_type::histogram, name, help, "seconds");
        for (std::size_t service = 0; service < from.services.size(); ++service) {
            const std::array of{label{"service", from.services[service].name}};
            out.histogram(of, from.counters.services[service].*member);
        }
    };
    using cells = proxy::service_cells<std::uint64_t, histogram_values>;
    times("garde_exchange_duration", "From a request's complete head to its answer's last byte.",
          &cells::exchange_time);
    times("garde_first_answer_duration", "From an attempt's start to the head of the backend's answer.",
          &cells::first_answer_time);
}

void write_backends(openmetrics_writer& out, const metrics_input& from) {
    out.family(metric_type::counter, "garde_attempts", "Attempts at backends, by what they came to.");
    for_each_backend(from.services, [&](const auto& of, std::size_t service, std::size_t backend) {
        const auto& attempts = from.counters.backends[service][backend].attempts;
        for (std::size_t i = 0; i < proxy::reason_count; ++i) {
            const auto why = static_cast<continuity::reason>(i);
            if (why == continuity::reason::probe_unexpected) continue;  // no attempt can come to that
            const auto result = why == continuity::reason::none ? "answered" : to_text(why);
            out.counter(with(of, {"result", result}), attempts.at[i]);
        }
    });
    out.family(metric_type::counter, "garde_backend_connections",
               "What happened to connections to backends.");
    for_each_backend(from.services, [&](const auto& of, std::size_t service, std::size_t backend) {
        const auto& pool = from.counters.backends[service][backend].pool;
        for (std::size_t i = 0; i < proxy::pool_event_texts.size(); ++i)
            out.counter(with(of, {"event", proxy::pool_event_texts[i]}), pool.at[i]);
    });
}

/// Of backends that have a shallow probe.
void write_agreements(openmetrics_writer& out, const control::view& now) {
    using continuity::agreement;
    out.family(metric_type::gauge, "garde_probes_disagree",
               "1 while only this one of a backend's two probes passes.");
    for (const auto& service : now.services)
        for (const auto& backend : service.backends) {
            if (!backend.probes) continue;
            const auto one = [&](std::string_view passes, agreement which) {
                const std::array of{label{"service", service.name}, label{"backend", backend.name},
                                    label{"passes", passes}};
                out.gauge(of, std::uint64_t{*backend.probes == which ? 1U : 0U});
            };
            one("deep", agreement::only_deep_passes);
            one("shallow", agreement::only_shallow_passes);
        }
}

void write_view(openmetrics_writer& out, const control::view& now) {
    out.family(metric_type::stateset, "garde_service_mode", "The mode as announced.");
    for (const auto& service : now.services)
        out.stateset(std::array{label{"service", service.name}}, modes, to_text(service.current));
    out.family(metric_type::stateset, "garde_service_override", "The operator's order in force.");
    for (const auto& service : now.services)
        out.stateset(std::array{label{"service", service.name}}, orders,
                     service.order ? to_text(service.order->pinned) : "automatic");
    out.family(metric_type::stateset, "garde_backend_verdict", "What the failure detector says.");
    for (const auto& service : now.services)
        for (const auto& backend : service.backends)
            out.stateset(std::array{label{"service", service.name}, label{"backend", backend.name}}, verdicts,
                         to_text(backend.state));
    write_agreements(out, now);
    out.family(metric_type::gauge, "garde_journal_failing", "1 while the journal cannot be written.");
    out.gauge({}, std::uint64_t{now.journal_failing ? 1U : 0U});
    out.family(metric_type::gauge, "garde_cut_off",
               "1 while neither a reference address nor a backend can be reached.");
    out.gauge({}, std::uint64_t{now.cut_off ? 1U : 0U});
}

void write_load(openmetrics_writer& out, const metrics_input& from) {
    const auto& load = *from.load;
    const auto one = [&out](std::string_view name, std::string_view help, std::uint64_t value) {
        out.family(metric_type::gauge, name, help);
        out.gauge({}, value);
    };
    one("garde_connections_limit", "Most connections of callers.", load.limits.connections);
    one("garde_requests_limit", "Most requests in flight.", load.limits.requests);
    out.family(metric_type::gauge, "garde_requests_in_flight", "Requests in flight.");
    for (std::size_t service = 0; service < from.services.size(); ++service)
        out.gauge(std::array{label{"service", from.services[service].name}},
                  load.requests_by_service[service]);
    out.family(metric_type::gauge, "garde_buffered", "Kept in memory for exchanges.", "bytes");
    out.gauge({}, load.buffered_bytes);
    out.family(metric_type::gauge, "garde_buffered_limit", "Most that may be kept.", "bytes");
    out.gauge({}, std::uint64_t{load.limits.buffer_bytes});
}

void write_journal(openmetrics_writer& out, const journal::checkpoint_state& from) {
    if (from.head) {
        out.family(metric_type::gauge, "garde_journal_size", "Records in the journal that are durable.");
        out.gauge({}, from.head->size);
    }
    out.family(metric_type::counter, "garde_journal_overflow",
               "Records for syslog that were appended while the journal could not be written.");
    out.counter(std::array{label{"result", "sent"}}, from.overflow_sent);
    out.counter(std::array{label{"result", "dropped"}}, from.overflow_dropped);
    if (from.places.empty()) return;
    out.family(metric_type::gauge, "garde_checkpoint_pushed_size",
               "Records that the newest checkpoint covers that got there.");
    for (const auto& one : from.places) out.gauge(std::array{label{"sink", one.name}}, one.pushed_size);
    out.family(metric_type::gauge, "garde_checkpoint_failing", "1 while checkpoints do not get there.");
    for (const auto& one : from.places)
        out.gauge(std::array{label{"sink", one.name}}, std::uint64_t{one.failing_since ? 1U : 0U});
}

void write_workers(openmetrics_writer& out, std::span<const worker_health> workers) {
    out.family(metric_type::gauge, "garde_worker_stalled", "1 while a worker makes no progress.");
    for (std::size_t i = 0; i < workers.size(); ++i) {
        const std::string number = std::to_string(i);
        out.gauge(std::array{label{"worker", number}},
                  std::uint64_t{workers[i] == worker_health::stalled ? 1U : 0U});
    }
}

}  // namespace

std::string metrics_page(const metrics_input& from) {
    openmetrics_writer out;
    write_process(out, from.process);
    write_callers(out, from.counters);
    if (from.assertions) write_assertions(out, *from.assertions);
    if (from.cache) write_cache(out, *from.cache);
    if (from.cache_store) write_cache_store(out, *from.cache_store);
    if (from.ledger) write_ledger(out, *from.ledger);
    write_requests(out, from);
    write_backends(out, from);
    if (from.now != nullptr) write_view(out, *from.now);
    if (from.checkpoints) write_journal(out, *from.checkpoints);
    if (from.load) write_load(out, from);
    if (!from.workers.empty()) write_workers(out, from.workers);
    return std::move(out).finish();
}

}  // namespace garde::telemetry
