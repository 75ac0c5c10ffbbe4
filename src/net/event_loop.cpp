// See event_loop.hpp.
#include "garde/net/event_loop.hpp"

#include <boost/asio/redirect_error.hpp>

namespace garde::net {

event_loop::event_loop()
    : wheel_(std::chrono::steady_clock::now(),
             [this] {
                 if (!turning_) turn_wheel();
             }),
      work_(io_.get_executor()),
      ticker_(io_.get_executor()) {}

void event_loop::run() {
    io_.run();
}

/// One tick after the other while a deadline is set. A wheel that is empty for a moment, as when its only
/// deadline moves, goes on turning.
void event_loop::turn_wheel() {
    turning_ = true;
    ticker_.expires_after(timer_wheel::tick);
    ticker_.async_wait([this](const boost::system::error_code& failed) {
        turning_ = false;
        if (failed) return;
        wheel_.advance(std::chrono::steady_clock::now());
        if (!wheel_.empty() && !turning_) turn_wheel();
    });
}

task<bool> event_loop::wait_until(steady_time due) {
    decltype(ticker_) timer(get_executor(), due);
    boost::system::error_code failed;
    co_await timer.async_wait(asio::redirect_error(use_task, failed));
    co_return !failed;
}

}  // namespace garde::net
