// See stand_in_limits.hpp.
#include "garde/emergency/stand_in_limits.hpp"

#include <algorithm>

namespace garde::emergency {
namespace {

std::string key_of(std::string_view rule, std::string_view caller) {
    std::string out(rule);
    out += '\0';
    out += caller;
    return out;
}

std::int64_t part_of(steady_time at, std::chrono::minutes part) {
    return std::chrono::duration_cast<std::chrono::minutes>(at.time_since_epoch()) / part;
}

}  // namespace

std::uint32_t stand_in_limits::hour::sum(std::int64_t at_part) const {
    std::uint32_t out = 0;
    for (std::size_t back = 0; back < parts; ++back) {
        const std::int64_t one = at_part - static_cast<std::int64_t>(back);
        if (one <= newest_ && one > newest_ - static_cast<std::int64_t>(parts) && one >= 0)
            out += counts_[static_cast<std::size_t>(one) % parts];
    }
    return out;
}

void stand_in_limits::hour::add(std::int64_t at_part) {
    const std::int64_t passed = std::min<std::int64_t>(at_part - newest_, parts);
    for (std::int64_t i = 0; i < passed; ++i) counts_[static_cast<std::size_t>(at_part - i) % parts] = 0;
    newest_ = std::max(newest_, at_part);
    ++counts_[static_cast<std::size_t>(newest_) % parts];
}

/// Null when there is no place for another caller.
stand_in_limits::hour* stand_in_limits::of_caller(const std::string& key, std::int64_t at_part) {
    if (const auto found = of_caller_.find(key); found != of_caller_.end()) return &found->second;
    if (of_caller_.size() >= most_callers && swept_ < at_part) {
        swept_ = at_part;
        std::erase_if(of_caller_, [&](const auto& one) { return one.second.sum(at_part) == 0; });
    }
    return of_caller_.size() < most_callers ? &of_caller_[key] : nullptr;
}

bool stand_in_limits::take(std::string_view rule, std::string_view caller, const hourly_limits& limits,
                           steady_time now) {
    if (!limits.any()) return true;
    const std::int64_t part = part_of(now, hour::part);
    const std::lock_guard lock(mutex_);
    hour* all = limits.of_all ? &of_rule_[std::string(rule)] : nullptr;
    if (all != nullptr && all->sum(part) >= *limits.of_all) return false;
    if (limits.per_caller) {
        hour* one = of_caller(key_of(rule, caller), part);
        if (one == nullptr || one->sum(part) >= *limits.per_caller) return false;
        one->add(part);
    }
    if (all != nullptr) all->add(part);
    return true;
}

std::uint32_t stand_in_limits::taken(std::string_view rule, std::string_view caller, steady_time now) const {
    const std::lock_guard lock(mutex_);
    const auto found = of_caller_.find(key_of(rule, caller));
    return found == of_caller_.end() ? 0 : found->second.sum(part_of(now, hour::part));
}

}  // namespace garde::emergency
