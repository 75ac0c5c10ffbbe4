// See ledger_metrics.hpp.
#include "ledger_metrics.hpp"

#include <array>
#include <map>
#include <string>
#include <tuple>

namespace garde::telemetry {

void write_ledger(openmetrics_writer& out, const emergency::ledger_totals& totals) {
    // Outages are for reports: their number grows.
    std::map<std::tuple<std::string, std::uint8_t, std::uint8_t>, std::uint64_t> sums;
    for (const auto& one : totals.counts) sums[{one.service, one.kind, one.state}] += one.count;
    out.family(metric_type::gauge, "garde_deferrals",
               "Requests that are kept, and answers from the cache that are followed, now or within thirty "
               "days, by what "
               "became of them.");
    for (const auto& [key, count] : sums) {
        const auto& [service, kind, state] = key;
        out.gauge(std::array{label{"service", service},
                             label{"kind", to_text(static_cast<emergency::deferral_kind>(kind))},
                             label{"state", to_text(static_cast<emergency::deferral_state>(state))}},
                  count);
    }
    out.family(metric_type::counter, "garde_deferrals_kept",
               "Requests whose callers were told that they are kept.");
    out.counter({}, totals.kept);
    out.family(metric_type::counter, "garde_deferrals_refused",
               "Requests that could not be kept, by reason.");
    for (std::size_t i = 0; i < totals.refused.size(); ++i)
        out.counter(std::array{label{"reason", to_text(static_cast<emergency::keep_failure>(i))}},
                    totals.refused[i]);
    out.family(metric_type::counter, "garde_answers_not_followed",
               "Answers from the cache of which nobody will be told whether they were right.");
    out.counter({}, totals.not_followed);
    out.family(metric_type::gauge, "garde_ledger_failing", "1 while no request can be kept.");
    out.gauge({}, std::uint64_t{totals.failing ? 1U : 0U});
    out.family(metric_type::gauge, "garde_ledger_nearly_full", "1 with three quarters of its room taken.");
    out.gauge({}, std::uint64_t{totals.nearly_full ? 1U : 0U});
}

}  // namespace garde::telemetry
