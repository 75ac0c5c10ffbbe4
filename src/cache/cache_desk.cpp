// See cache_desk.hpp.
#include "garde/cache/cache_desk.hpp"

#include "garde/net/arrival.hpp"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

namespace garde::cache {

cache_desk::cache_desk(std::size_t bound_bytes, turned_by whom)
    : offers_(loop_, offer_bound), questions_(loop_, question_bound), cache_(bound_bytes) {
    if (whom == turned_by::owner) return;
    thread_ = std::jthread([this] {
        net::let_workers_go_first();
        loop_.run();
    });
}

cache_desk::~cache_desk() {
    loop_.stop();
}

std::atomic<std::int64_t>& cache_desk::bar_of(const caller::identity& who) {
    return barred_until_[std::hash<std::string>{}(who.canonical()) % barred_until_.size()];
}

bool cache_desk::offer(cache::offer what) {
    auto& bar = bar_of(what.who);
    const std::int64_t at = what.consulted_at.time_since_epoch().count();
    if (offers_.try_post([this, what = std::move(what)]() mutable { admit(std::move(what)); })) return true;
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

void cache_desk::recognise(caller::recognition_ptr how) {
    loop_.post([this, how = std::move(how)]() mutable {
        callers_ = std::move(how);
        if (!callers_->assertions)
            checker_.reset();
        else if (checker_)
            checker_->use(callers_->assertions);
        else
            checker_.emplace(callers_->assertions);
    });
}

caller::assertion_counts cache_desk::assertions() const {
    caller::assertion_counts out{.accepted = accepted_.load(std::memory_order_relaxed)};
    for (std::size_t i = 0; i < refused_.size(); ++i)
        out.refused[i] = refused_[i].load(std::memory_order_relaxed);
    return out;
}

std::expected<caller::identity, cache_desk::nobody> cache_desk::identify(const caller::identity& shown,
                                                                         const caller_patterns& allowed,
                                                                         std::string_view message,
                                                                         wall_time now) {
    const auto if_allowed = [&allowed](caller::identity who) -> std::expected<caller::identity, nobody> {
        if (allowed && !caller::any_matches(*allowed, who))
            return std::unexpected(nobody{.why = {"caller-not-allowed", std::move(who)}});
        return who;
    };
    if (shown.verified()) return if_allowed(shown);
    if (!checker_) return std::unexpected(nobody{.why = {"caller-unverified"}});
    auto signer = checker_->check(message, now);
    if (!signer) {
        auto& [why, repeats] = signer.error();
        refused_[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
        return std::unexpected(nobody{.why = {"assertion-" + std::string(to_text(why))},
                                      .repeats = callers_->known.recognise(std::move(repeats))});
    }
    accepted_.fetch_add(1, std::memory_order_relaxed);
    return if_allowed(callers_->known.recognise(std::move(*signer)));
}

void cache_desk::admit(cache::offer what) {
    auto who = identify(what.who, what.allowed, what.request_body, what.consulted_at);
    if (who) {
        what.who = std::move(*who);
        cache_.admit(what);
    } else if (who.error().repeats.verified()) {
        // The service has answered all the same, and may have had newer news.
        what.who = std::move(who.error().repeats);
        cache_.take_back(what);
    }
}

/// What was dropped before anybody knew who had signed it bars all who sign.
found cache_desk::find(question what) {
    const auto& bar_of_shown = bar_of(what.who);
    auto who = identify(what.who, what.allowed, what.request_body, what.now);
    if (!who) return std::unexpected(std::move(who.error().why));
    what.who = std::move(*who);
    found kept = cache_.find(what);
    if (!kept) {
        kept.error().who = std::move(what.who);
        return kept;
    }
    const std::int64_t barred = std::max(bar_of_shown.load(std::memory_order_acquire),
                                         bar_of(what.who).load(std::memory_order_acquire));
    if (kept->consulted_at.time_since_epoch().count() <= barred)
        return std::unexpected(miss{"overtaken", std::move(what.who)});
    kept->who = std::move(what.who);
    return kept;
}

net::task<found> cache_desk::ask(net::event_loop& asking, question what) {
    const auto answer = std::make_shared<net::arrival<found>>(asking);
    if (!questions_.try_post([this, answer, what = std::move(what)]() mutable {
            net::arrival<found>::bring(answer, find(std::move(what)));
        }))
        co_return std::unexpected(miss{"cache-busy"});
    co_return co_await answer->wait();
}

}  // namespace garde::cache
