// See cache_metrics.hpp.
#include "cache_metrics.hpp"

#include <array>
#include <string_view>

namespace garde::telemetry {
namespace {

constexpr std::array<std::string_view, 3> trusts{"good", "behind", "stepped"};
constexpr std::array<std::string_view, 3> states{"opening", "working", "failing"};
constexpr std::array<std::string_view, cache::cache_totals::age_bounds_s.size() + 1> ages{
    "1h", "6h", "1d", "3d", "7d", "14d", "30d", "more"};

}  // namespace

void write_cache(openmetrics_writer& out, const cache::cache_totals& totals) {
    out.family(metric_type::gauge, "garde_cache_entries", "Answers in memory.");
    out.gauge({}, std::uint64_t{totals.kept.entries});
    out.family(metric_type::gauge, "garde_cache_memory", "Memory that they take, by estimate.", "bytes");
    out.gauge({}, std::uint64_t{totals.kept.bytes});
    out.family(metric_type::counter, "garde_cache_offers",
               "Answers offered to the cache: \"none\" for those that are kept, else why not.");
    for (std::size_t i = 0; i < totals.offers.size(); ++i)
        out.counter(std::array{label{"refusal", to_text(static_cast<cache::refusal>(i))}}, totals.offers[i]);
    out.family(metric_type::counter, "garde_cache_questions_unread",
               "Offers whose question gave no key, by reason.");
    for (std::size_t i = 0; i < totals.kept.unreadable_questions.size(); ++i)
        out.counter(std::array{label{"reason", to_text(static_cast<soap::consult_error>(i))}},
                    totals.kept.unreadable_questions[i]);
    out.family(metric_type::counter, "garde_cache_gone", "Answers that left the memory, by reason.");
    out.counter(std::array{label{"reason", "removed"}}, totals.kept.removed);
    out.counter(std::array{label{"reason", "evicted"}}, totals.kept.evicted);
    out.counter(std::array{label{"reason", "expired"}}, totals.kept.expired);
    out.counter(std::array{label{"reason", "purged"}}, totals.kept.purged);
    out.family(metric_type::counter, "garde_cache_misses",
               "Questions that the cache did not answer, by reason.");
    for (const auto& [detail, count] : totals.misses) out.counter(std::array{label{"detail", detail}}, count);
    out.family(metric_type::counter, "garde_cache_hits",
               "Answers from the cache, by the class of their age.");
    for (std::size_t i = 0; i < ages.size(); ++i)
        out.counter(std::array{label{"age_within", ages[i]}}, totals.served_ages[i]);
    out.family(metric_type::counter, "garde_cache_served_age", "Age of all answers from the cache.",
               "seconds");
    out.counter({}, totals.served_age_sum_s);
    out.family(metric_type::stateset, "garde_cache_clock",
               "What the wall clock is worth for the age of answers.");
    out.stateset({}, trusts, to_text(totals.clock));
}

void write_cache_store(openmetrics_writer& out, const cache::tier_totals& totals) {
    out.family(metric_type::stateset, "garde_cache_store", "The cache's disk.");
    out.stateset({}, states, to_text(totals.state));
    out.family(metric_type::gauge, "garde_cache_store_entries", "Answers on the disk.");
    out.gauge({}, totals.entries);
    out.family(metric_type::gauge, "garde_cache_store_used", "Room that they take there.", "bytes");
    out.gauge({}, totals.bytes);
    out.family(metric_type::gauge, "garde_cache_store_waiting", "Changes on their way to the disk.");
    out.gauge({}, totals.waiting);
    out.family(metric_type::counter, "garde_cache_store_written", "Changes that have reached the disk.");
    out.counter({}, totals.written);
    out.family(metric_type::counter, "garde_cache_store_dropped",
               "Answers that were not written because too many waited.");
    out.counter({}, totals.dropped);
    out.family(metric_type::counter, "garde_cache_store_lookups",
               "Questions to the disk, by what came of them.");
    out.counter(std::array{label{"result", "found"}}, totals.found);
    out.counter(std::array{label{"result", "missed"}}, totals.missed);
    out.counter(std::array{label{"result", "late"}}, totals.late);
    out.family(metric_type::counter, "garde_cache_store_errors", "Operations that failed.");
    out.counter({}, totals.errors);
    out.family(metric_type::counter, "garde_cache_store_unreadable", "Answers whose seal did not hold.");
    out.counter({}, totals.unreadable);
}

}  // namespace garde::telemetry
