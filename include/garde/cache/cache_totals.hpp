// What the reply cache counts, for /metrics and `garde cache stats`. No caller and no patient in it.
#pragma once

#include "garde/cache/age_clock.hpp"
#include "garde/cache/policy.hpp"
#include "garde/cache/reply_cache.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace garde::cache {

struct cache_totals {
    /// Upper ends of the classes of ages, in seconds.
    static constexpr std::array<std::int64_t, 7> age_bounds_s{3600,      6 * 3600,   86400,     3 * 86400,
                                                              7 * 86400, 14 * 86400, 30 * 86400};

    reply_cache_stats kept;
    /// By refusal: offers that were not kept, and why; refusal::none counts those that were.
    std::array<std::uint64_t, refusals> offers{};
    std::uint64_t dropped = 0;  ///< offers for which the queue had no room
    /// By Cache-Status detail; the details are a fixed set (reply_cache.hpp).
    std::map<std::string, std::uint64_t, std::less<>> misses;
    std::array<std::uint64_t, age_bounds_s.size() + 1> served_ages{};  ///< by class; the last has no end
    std::uint64_t served_age_sum_s = 0;
    clock_trust clock = clock_trust::good;

    void count_served(std::chrono::seconds age) {
        std::size_t at = 0;
        while (at < age_bounds_s.size() && age.count() > age_bounds_s[at]) ++at;
        ++served_ages[at];
        served_age_sum_s += static_cast<std::uint64_t>(age.count());
    }
};

}  // namespace garde::cache
