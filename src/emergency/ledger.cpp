// See ledger.hpp. This side is any thread's; what the ledger's own thread does is in ledger_keeper.cpp.
#include "garde/emergency/ledger.hpp"

#include "ledger_keeper.hpp"
#include "ledger_state.hpp"

#include <chrono>
#include <utility>

namespace garde::emergency {

std::string_view to_text(keep_failure value) {
    switch (value) {
        case keep_failure::busy: return "busy";
        case keep_failure::late: return "late";
        case keep_failure::disk: return "disk";
    }
    std::unreachable();
}

std::optional<keep_failure> ledger_state::put(const std::shared_ptr<wish>& one) {
    {
        const std::lock_guard lock(mutex);
        if (late) return keep_failure::late;
        if (ending || news.wishes.size() >= ledger::keep_bound) return keep_failure::busy;
        news.wishes.push_back(one);
    }
    came.notify_one();
    return std::nullopt;
}

void ledger_state::count_refused(keep_failure why) {
    const std::lock_guard lock(mutex);
    ++totals.refused[static_cast<std::size_t>(why)];
    late = late || (busy && why == keep_failure::late);
}

ledger::ledger(deferral_vault::settings with, sender send) : state_(std::make_shared<ledger_state>()) {
    state_->with = std::move(with);
    state_->send = std::move(send);
    state_->watch = std::make_shared<answer_watch>([weak = std::weak_ptr(state_)](deferral_change what) {
        const auto to = weak.lock();
        if (!to) return;
        {
            const std::lock_guard lock(to->mutex);
            to->news.told.push_back(std::move(what));
        }
        to->came.notify_one();
    });
    thread_ = std::jthread([state = state_] {
        net::let_workers_go_first();
        ledger_keeper(*state, state).run();
    });
}

ledger::~ledger() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->ending = true;
    }
    state_->came.notify_one();
    thread_.join();
}

net::task<std::expected<void, keep_failure>> ledger::keep(net::event_loop& asking, deferral_request what) {
    const auto one = std::make_shared<wish>(asking, std::move(what));
    if (const auto refused = state_->put(one)) {
        state_->count_refused(*refused);
        co_return std::unexpected(*refused);
    }
    net::deadline limit(asking.wheel(), [one] {
        if (one->claim()) one->bring(std::unexpected(keep_failure::late));
    });
    limit.set(std::chrono::steady_clock::now() + keep_limit);
    auto kept = co_await one->arrival->wait();
    if (!kept) state_->count_refused(kept.error());
    co_return kept;
}

void ledger::follow(answer_note what) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->ending || state_->news.given.size() >= note_bound) {
            ++state_->totals.not_followed;
            return;
        }
        state_->news.given.push_back(std::move(what));
    }
    state_->came.notify_one();
}

std::shared_ptr<cache::word_listener> ledger::listener() const {
    return state_->watch;
}

net::task<std::optional<deferral_list>> ledger::list(net::event_loop& asking, caller::identity who,
                                                     std::string known, steady_time until) {
    const auto arrival = std::make_shared<net::arrival<std::optional<deferral_list>>>(asking);
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->ending || state_->news.listings.size() >= listing_bound) co_return std::nullopt;
        state_->news.listings.push_back(
            {.who = std::move(who), .known = std::move(known), .until = until, .arrival = arrival});
    }
    state_->came.notify_one();
    co_return co_await arrival->wait();
}

void ledger::serving(const std::string& service, bool yes) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->news.serving[service] = yes;
    }
    state_->came.notify_one();
}

void ledger::pause() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->paused = true;
        state_->news.paused = true;
    }
    state_->came.notify_one();
}

void ledger::report(std::string service, wall_time outage,
                    std::function<void(result<std::vector<deferral_entry>>)> then) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->news.reports.push_back({std::move(service), outage, std::move(then)});
    }
    state_->came.notify_one();
}

ledger_totals ledger::totals() const {
    const std::lock_guard lock(state_->mutex);
    auto out = state_->totals;
    out.failing = out.failing || state_->late;
    return out;
}

}  // namespace garde::emergency
