// See cache_answers.hpp.
#include "cache_answers.hpp"

#include "json_values.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace garde::admin {
namespace {

using on_disk = cache::purge_result::on_disk;

std::string_view to_text(on_disk value) {
    switch (value) {
        case on_disk::no_disk: return "none";
        case on_disk::done: return "done";
        case on_disk::waiting: return "waiting";
    }
    std::unreachable();
}

json::object refusals_of(const cache::cache_totals& totals) {
    json::object out;
    for (std::size_t i = 0; i < totals.offers.size(); ++i)
        if (const auto why = static_cast<cache::refusal>(i);
            why != cache::refusal::none && totals.offers[i] != 0)
            out[text(cache::to_text(why))] = totals.offers[i];
    return out;
}

json::value disk_of(const std::optional<cache::tier_totals>& disk) {
    if (!disk) return nullptr;
    return json::object{{"state", text(cache::to_text(disk->state))},
                        {"entries", disk->entries},
                        {"bytes", disk->bytes},
                        {"waiting", disk->waiting},
                        {"dropped", disk->dropped},
                        {"found", disk->found},
                        {"missed", disk->missed},
                        {"late", disk->late},
                        {"errors", disk->errors},
                        {"unreadable", disk->unreadable}};
}

}  // namespace

std::string cache_document(const cache::cache_totals& totals, const std::optional<cache::tier_totals>& disk) {
    json::object misses;
    for (const auto& [why, count] : totals.misses) misses[text(why)] = count;
    const auto& kept = totals.kept;
    return json::serialize(
        json::object{{"memory", json::object{{"entries", kept.entries},
                                             {"bytes", kept.bytes},
                                             {"evicted", kept.evicted},
                                             {"expired", kept.expired},
                                             {"removed", kept.removed},
                                             {"purged", kept.purged}}},
                     {"disk", disk_of(disk)},
                     {"kept", totals.offers[static_cast<std::size_t>(cache::refusal::none)]},
                     {"refused", refusals_of(totals)},
                     {"dropped", totals.dropped},
                     {"hits", kept.hits},
                     {"misses", std::move(misses)},
                     {"clock", text(cache::to_text(totals.clock))}});
}

std::string purge_document(const purge_request& ordered, const cache::purge_result& became,
                           std::string_view by) {
    json::object out{{"by", text(by)},
                     {"reason", ordered.reason},
                     {"memory", became.from_memory},
                     {"disk", text(to_text(became.disk))}};
    if (became.disk == on_disk::done) out["disk_entries"] = became.from_disk;
    if (became.disk == on_disk::waiting)
        out["warning"] =
            "The disk has not done it yet, and nothing is served from it until it has. It is tried until "
            "garde "
            "ends: order it again after a restart.";
    return json::serialize(out);
}

std::vector<std::pair<std::string, std::string>> purge_attributes(const purge_request& ordered,
                                                                  const cache::purge_result& became,
                                                                  std::string_view by) {
    std::vector<std::pair<std::string, std::string>> out{{"by", std::string(by)},
                                                         {"reason", ordered.reason},
                                                         {"memory", std::to_string(became.from_memory)},
                                                         {"disk", std::string(to_text(became.disk))}};
    if (ordered.what.of) out.emplace_back("caller", ordered.what.of->text());
    if (ordered.what.before) out.emplace_back("before", to_rfc3339(*ordered.what.before));
    if (!ordered.what.of && !ordered.what.before) out.emplace_back("all", "true");
    if (became.disk == on_disk::done) out.emplace_back("disk_entries", std::to_string(became.from_disk));
    return out;
}

}  // namespace garde::admin
