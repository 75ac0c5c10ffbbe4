// See cache_desk.hpp.
#include "garde/cache/cache_desk.hpp"

#include "garde/net/arrival.hpp"

#include <functional>
#include <utility>

namespace garde::cache {

cache_desk::cache_desk(std::size_t bound_bytes)
    : offers_(loop_, offer_bound),
      questions_(loop_, question_bound),
      cache_(bound_bytes),
      thread_([this] {
          net::let_workers_go_first();
          loop_.run();
      }) {}

cache_desk::~cache_desk() {
    loop_.stop();
}

std::atomic<std::int64_t>& cache_desk::bar_of(const caller::identity& who) {
    return barred_until_[std::hash<std::string>{}(who.canonical()) % barred_until_.size()];
}

bool cache_desk::offer(cache::offer what) {
    auto& bar = bar_of(what.who);
    const std::int64_t at = what.consulted_at.time_since_epoch().count();
    if (offers_.try_post([this, what = std::move(what)] { cache_.admit(what); })) return true;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    // Several workers may drop at the same time: the latest counts.
    std::int64_t known = bar.load(std::memory_order_relaxed);
    while (known < at &&
           !bar.compare_exchange_weak(known, at, std::memory_order_release, std::memory_order_relaxed)) {
    }
    return false;
}

void cache_desk::resize(std::size_t bound_bytes) {
    loop_.post([this, bound_bytes] { cache_.resize(bound_bytes); });
}

found cache_desk::find(const question& what) {
    found kept = cache_.find(what);
    if (!kept) return kept;
    const std::int64_t barred = bar_of(what.who).load(std::memory_order_acquire);
    if (kept->consulted_at.time_since_epoch().count() <= barred) return std::unexpected(miss{"overtaken"});
    return kept;
}

net::task<found> cache_desk::ask(net::event_loop& asking, question what) {
    const auto answer = std::make_shared<net::arrival<found>>(asking);
    if (!questions_.try_post(
            [this, answer, what = std::move(what)] { net::arrival<found>::bring(answer, find(what)); }))
        co_return std::unexpected(miss{"cache-busy"});
    co_return co_await answer->wait();
}

}  // namespace garde::cache
