// See domain_watch.hpp.
#include "garde/continuity/domain_watch.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <utility>

namespace garde::continuity {
namespace {

std::string name_in(const fault_domains& of, const std::string& kind) {
    const auto at = of.find(kind);
    return at == of.end() ? std::string() : at->second;
}

}  // namespace

domain_watch::domain_watch(std::vector<fault_domains> backends, milliseconds window)
    : domains_(std::move(backends)), window_(window), doubts_(domains_.size()) {
    std::set<std::string> kinds;
    for (const auto& one : domains_)
        for (const auto& [kind, name] : one) kinds.insert(kind);
    kinds_.assign(kinds.begin(), kinds.end());
}

/// Who does not say where it is counts as sharing.
bool domain_watch::shares(std::size_t backend, const suspected_domain& domain) const {
    const std::string name = name_in(domains_[backend], domain.kind);
    return name.empty() || domain.name.empty() || name == domain.name;
}

void domain_watch::suspect(const std::string& kind, const std::string& name, steady_time since) {
    const auto same = std::ranges::find_if(
        suspects_, [&](const auto& one) { return one.kind == kind && one.name == name; });
    if (same == suspects_.end()) suspects_.push_back({kind, name, since});
}

void domain_watch::suspect_what_failed_together(std::span<const domain_member> members) {
    for (std::size_t a = 0; a < members.size(); ++a)
        for (std::size_t b = a + 1; b < members.size(); ++b) {
            if (!members[a].failing || !members[b].failing) continue;
            const auto [first, last] = std::minmax(members[a].first_symptom, members[b].first_symptom);
            if (last - first > window_) continue;
            for (const auto& kind : kinds_) {
                const std::string name_a = name_in(domains_[a], kind);
                const std::string name_b = name_in(domains_[b], kind);
                if (name_a == name_b || name_a.empty() || name_b.empty())
                    suspect(kind, name_a.empty() ? name_b : name_a, last);
            }
        }
}

void domain_watch::update(steady_time now, std::span<const domain_member> members) {
    suspect_what_failed_together(members);
    for (auto& one : suspects_) {
        std::optional<steady_time> latest;
        for (std::size_t i = 0; i < members.size(); ++i)
            if (members[i].failing && shares(i, one))
                latest = std::max(latest.value_or(members[i].first_symptom), members[i].first_symptom);
        if (latest && one.lapsed) one.since = *latest;
        if (!latest && !one.lapsed) one.since = now;  // from here its memory runs
        one.lapsed = !latest;
    }
    std::erase_if(suspects_, [&](const auto& one) { return one.lapsed && one.since + memory <= now; });
    for (std::size_t i = 0; i < members.size(); ++i) {
        doubts_[i].clear();
        std::ranges::copy_if(suspects_, std::back_inserter(doubts_[i]), [&](const auto& one) {
            return !one.lapsed && shares(i, one) && (!members[i].proven || *members[i].proven <= one.since);
        });
    }
}

}  // namespace garde::continuity
