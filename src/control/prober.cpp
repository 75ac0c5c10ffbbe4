// See prober.hpp.
#include "garde/control/prober.hpp"

#include "garde/net/alarm.hpp"
#include "garde/upstream/probe.hpp"

namespace garde::control {

struct prober::state {
    net::event_loop& loop;
    const config::probe_settings how;
    upstream::target_ptr to;
    on_result then;
    net::alarm pause;
    std::minstd_rand random{std::random_device{}()};
    bool at_once = false;
    bool stopped = false;
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
        const auto pause = with->how.interval + milliseconds(jitter(with->random));
        co_await with->pause.wait_until(std::chrono::steady_clock::now() + pause);
    }
}

}  // namespace garde::control
