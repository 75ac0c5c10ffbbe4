// See prober.hpp.
#include "garde/control/prober.hpp"

#include "garde/base/hash.hpp"
#include "garde/net/alarm.hpp"
#include "garde/upstream/probe.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace garde::control {
namespace {

/// From the one source of randomness that everything has, so that a simulation can seed it.
std::uint32_t random_seed() {
    std::array<std::uint8_t, sizeof(std::uint32_t)> bytes{};
    random_fill(bytes);
    return std::bit_cast<std::uint32_t>(bytes);
}

milliseconds interval_at(continuity::probe_pace pace, const config::probe_settings& how) {
    switch (pace) {
        case continuity::probe_pace::normal: return how.interval;
        case continuity::probe_pace::fast: return how.fast_interval;
        case continuity::probe_pace::slow: return how.slow_interval;
    }
    std::unreachable();
}

}  // namespace

struct prober::state {
    net::event_loop& loop;
    const config::probe_settings how;
    upstream::target_ptr to;
    on_result then;
    net::alarm pause;
    std::minstd_rand random{random_seed()};
    continuity::probe_pace pace = continuity::probe_pace::normal;
    /// Of the latest pause.
    steady_time began{};
    milliseconds jitter{0};
    steady_time due{};
    bool at_once = false;
    bool stopped = false;

    /// The jitter is at most as long as the pause itself.
    [[nodiscard]] steady_time end_of_pause() const {
        const milliseconds interval = interval_at(pace, how);
        return began + interval + std::min(jitter, interval);
    }
};

prober::prober(net::event_loop& loop, const config::probe_settings& how, upstream::target_ptr to,
               on_result then)
    : state_(new state{.loop = loop,
                       .how = how,
                       .to = std::move(to),
                       .then = std::move(then),
                       .pause = net::alarm(loop)}) {}

void prober::start() {
    state_->loop.spawn(run(state_));
}

void prober::probe_now() {
    state_->at_once = true;
    state_->pause.ring();
}

void prober::set_pace(continuity::probe_pace pace) {
    if (state_->pace == pace) return;
    state_->pace = pace;
    const steady_time due = state_->end_of_pause();
    if (due >= state_->due) return;
    state_->due = due;
    state_->pause.ring();
}

void prober::stop() {
    state_->stopped = true;
    state_->pause.ring();
}

void prober::retarget(upstream::target_ptr to) {
    state_->to = std::move(to);
}

net::task<> prober::run(std::shared_ptr<state> with) {
    while (!with->stopped) {
        with->at_once = false;
        const auto target = with->to;
        const steady_time give_up_at = std::chrono::steady_clock::now() + with->how.timeout;
        const continuity::reason result =
            co_await upstream::probe(with->loop, *target, with->how, give_up_at);
        if (with->stopped) co_return;
        with->then(result);
        if (with->at_once) continue;
        std::uniform_int_distribution<milliseconds::rep> jitter(0, with->how.jitter.count());
        with->began = std::chrono::steady_clock::now();
        with->jitter = milliseconds(jitter(with->random));
        with->due = with->end_of_pause();
        while (!with->stopped && !with->at_once && std::chrono::steady_clock::now() < with->due)
            co_await with->pause.wait_until(with->due);
    }
}

}  // namespace garde::control
