// See answer_watch.hpp.
#include "garde/emergency/answer_watch.hpp"

#include <set>
#include <utility>

namespace garde::emergency {

std::optional<verdict_on_answer> judge_answer(const given_answer& given, const cache::service_word& word) {
    const bool good = word.why == cache::refusal::none || word.why == cache::refusal::bound_to_request;
    if (!good && cache::removes_older(word.why))
        return verdict_on_answer{deferral_state::contradicted, std::string(cache::to_text(word.why))};
    if (!good || !word.facts) return std::nullopt;
    if (word.facts->says != given.facts.says)
        return verdict_on_answer{deferral_state::contradicted, "coverage-changed"};
    if (given.from < word.facts->period_begin || given.until > word.facts->period_end)
        return verdict_on_answer{deferral_state::contradicted, "period-changed"};
    return verdict_on_answer{deferral_state::confirmed, "same-coverage"};
}

bool answer_watch::add(const given_answer& what) {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= bound) return false;
    waiting_.emplace(what.key, what);
    count_.store(waiting_.size(), std::memory_order_relaxed);
    return true;
}

void answer_watch::forget(const std::vector<deferral_id>& which) {
    if (which.empty()) return;
    const std::set<deferral_id> gone(which.begin(), which.end());
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](const auto& one) { return gone.contains(one.second.id); });
    count_.store(waiting_.size(), std::memory_order_relaxed);
}

bool answer_watch::waits_for(const cache::cache_key& key) const {
    const std::lock_guard lock(mutex_);
    return waiting_.contains(key);
}

void answer_watch::hear(const cache::cache_key& key, const cache::service_word& word) {
    std::vector<deferral_change> settled;
    {
        const std::lock_guard lock(mutex_);
        const auto [first, last] = waiting_.equal_range(key);
        for (auto at = first; at != last;) {
            auto verdict = judge_answer(at->second, word);
            if (!verdict) {
                ++at;
                continue;
            }
            settled.push_back({.id = at->second.id,
                               .to = verdict->state,
                               .attempts = 1,
                               .result = std::move(verdict->result)});
            at = waiting_.erase(at);
        }
        count_.store(waiting_.size(), std::memory_order_relaxed);
    }
    for (auto& one : settled) then_(std::move(one));
}

}  // namespace garde::emergency
