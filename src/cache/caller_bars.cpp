// See caller_bars.hpp.
#include "garde/cache/caller_bars.hpp"

#include "garde/base/siphash.hpp"

#include <chrono>
#include <span>
#include <string>

namespace garde::cache {

std::size_t caller_bars::place_of(const caller::identity& who) {
    const std::string& name = who.canonical();
    // Under a key that everybody knows: callers are those whom a CA has named.
    return siphash({}, {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()}) % places;
}

/// Several threads may raise at the same time.
void caller_bars::raise(caller_bar to) {
    auto& bar = until_ns_[to.place];
    const std::int64_t at = to.until.time_since_epoch().count();
    std::int64_t known = bar.load(std::memory_order_relaxed);
    while (known < at &&
           !bar.compare_exchange_weak(known, at, std::memory_order_release, std::memory_order_relaxed)) {
    }
}

wall_time caller_bars::until(std::size_t place) const {
    return wall_time(std::chrono::nanoseconds(until_ns_[place].load(std::memory_order_acquire)));
}

}  // namespace garde::cache
