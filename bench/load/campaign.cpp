// See campaign.hpp.
#include "campaign.hpp"

#include <algorithm>
#include <utility>

namespace load {
namespace {

/// How long after a step's end its last answers may come.
constexpr std::chrono::seconds patience{5};

steady_time clock_now() {
    return std::chrono::steady_clock::now();
}

/// Where the connections of client number `index` come from.
in_addr caller_address(std::size_t index, std::uint8_t callers) {
    constexpr in_addr_t before_first = (127U << 24) + (1U << 8);
    if (callers == 0) return {htonl(INADDR_ANY)};
    return {htonl(before_first + 1 + static_cast<in_addr_t>(index % callers))};
}

}  // namespace

campaign::campaign(const target& to, std::size_t clients) : to_(to) {
    for (std::size_t i = 0; i < clients; ++i) {
        clients_.push_back(std::make_unique<client>(to_, *this, caller_address(i, to_.callers)));
        closed_.push_back(clients_.back().get());
    }
}

outcome campaign::run(nanoseconds length) {
    outcome_ = {};
    const steady_time started = clock_now();
    const steady_time limit = started + length + patience;
    start(started, length);
    for (;;) {
        const steady_time now = clock_now();
        const bool more = begin(now);
        if (!more && under_way_ == 0) break;
        if (now >= limit || outcome_.failed >= failure_limit()) {
            give_up(now);
            break;
        }
        to_.poller.wait((more ? std::min(next_due(), limit) : limit) - now);
    }
    outcome_.took = clock_now() - started;
    return std::move(outcome_);
}

void campaign::give_up(steady_time now) {
    for (auto& one : clients_) {
        if (one->now() == phase::asking) {
            ++outcome_.unfinished;
            outcome_.latency.record(now - one->intended());
            ended({.due = one->intended(), .end = now, .by = one.get(), .why = "no answer came"});
        }
        if (one->now() != phase::asking && one->now() != phase::opening) continue;
        one->close();
        closed_.push_back(one.get());
    }
    under_way_ = 0;
    for (const steady_time due : left_undone(now)) {
        ++outcome_.unfinished;
        outcome_.latency.record(now - due);
        ended({.due = due, .end = now, .by = nullptr, .why = "no connection was free"});
    }
}

std::vector<steady_time> campaign::left_undone(steady_time /*now*/) const {
    return {};
}

void campaign::open(client& which, steady_time intended) {
    ++under_way_;
    which.open(intended);
}

void campaign::reopen(steady_time now) {
    for (client* one : std::exchange(closed_, {})) open(*one, now);
}

void campaign::ask(client& which, steady_time intended) {
    ++under_way_;
    outcome_.send_lag.record(clock_now() - intended);
    which.ask(asked_++, intended);
}

void campaign::opened(client& which) {
    --under_way_;
    ++outcome_.handshakes;
    if (to_.resume == tickets::used && !which.resumed()) ++outcome_.not_resumed;
    waiting_.push_back(&which);
}

void campaign::answered(client& which) {
    --under_way_;
    ++outcome_.answered;
    const steady_time now = clock_now();
    outcome_.latency.record(now - which.intended());
    ended({.due = which.intended(), .end = now, .by = &which, .why = {}});
    waiting_.push_back(&which);
}

void campaign::lost(client& which, phase was, std::string_view why) {
    if (was == phase::waiting)
        std::erase(waiting_, &which);
    else
        --under_way_;
    closed_.push_back(&which);
    if (why.empty()) {
        ++outcome_.closed_idle;
        return;
    }
    ++outcome_.failed;
    if (was == phase::asking) ended({.due = which.intended(), .end = clock_now(), .by = &which, .why = why});
    if (outcome_.first_failure.empty()) outcome_.first_failure = why;
}

}  // namespace load
