// See self_check.hpp.
#include "garde/control/self_check.hpp"

#include "garde/net/alarm.hpp"
#include "garde/net/connect.hpp"

#include <algorithm>
#include <utility>

namespace garde::control {

struct self_check::state {
    net::event_loop& loop;
    const config::self_check_settings how;
    on_result then;
    std::vector<std::vector<net::endpoint>> addresses{};  ///< by reference
    net::alarm pause;
    bool at_once = false;
    bool stopped = false;
};

/// One check: whoever answers first decides it. The others end by the timeout, unheard.
struct self_check::round {
    explicit round(net::event_loop& loop) : decided(loop) {}
    std::size_t open = 0;
    bool answered = false;
    net::alarm decided;
};

self_check::self_check(net::event_loop& loop, const config::self_check_settings& how, on_result then)
    : state_(new state{.loop = loop, .how = how, .then = std::move(then), .pause = net::alarm(loop)}) {
    for (const auto& reference : how.references) {
        auto& known = state_->addresses.emplace_back();
        if (const auto literal = net::endpoint::from_literal(reference.host, reference.port))
            known.push_back(*literal);
    }
}

void self_check::start() {
    state_->loop.spawn(run(state_));
}

void self_check::check_now() {
    state_->at_once = true;
    state_->pause.ring();
}

void self_check::set_addresses(std::size_t reference, std::vector<net::endpoint> found) {
    if (found.size() > most_addresses) found.resize(most_addresses);
    state_->addresses[reference] = std::move(found);
}

void self_check::stop() {
    state_->stopped = true;
    state_->pause.ring();
}

net::task<> self_check::ask(std::shared_ptr<state> with, std::shared_ptr<round> in, net::endpoint whom,
                            steady_time give_up_at) {
    const auto made = co_await net::connect(with->loop, whom, give_up_at);
    --in->open;
    in->answered |= made.has_value();
    if (in->answered || in->open == 0) in->decided.ring();
}

net::task<> self_check::run(std::shared_ptr<state> with) {
    while (!with->stopped) {
        with->at_once = false;
        const steady_time began = std::chrono::steady_clock::now();
        const steady_time give_up_at = began + with->how.timeout;
        const auto now_asked = std::make_shared<round>(with->loop);
        for (const auto& of_one : with->addresses)
            for (const auto& address : of_one) {
                ++now_asked->open;
                with->loop.spawn(ask(with, now_asked, address, give_up_at));
            }
        while (!now_asked->answered && now_asked->open > 0)
            co_await now_asked->decided.wait_until(give_up_at);
        if (with->stopped) co_return;
        with->then(now_asked->answered);
        const auto due = [&] { return began + (with->at_once ? least_pause : with->how.interval); };
        while (!with->stopped && std::chrono::steady_clock::now() < due()) {
            const steady_time until = due();
            co_await with->pause.wait_until(until);
        }
    }
}

}  // namespace garde::control
