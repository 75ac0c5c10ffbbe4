// One thread's world: an io_context that only this thread runs, and its timer wheel. Other threads reach it
// by post() only.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/net/task.hpp"
#include "garde/net/timer_wheel.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <utility>

namespace garde::net {

class event_loop {
  public:
    event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    /// Runs until stop(). The calling thread becomes this loop's thread.
    void run();

    /// Any thread. What is queued and not yet run is dropped with the loop.
    void stop() { io_.stop(); }

    [[nodiscard]] executor get_executor() { return io_.get_executor(); }
    [[nodiscard]] asio::io_context& io() { return io_; }
    [[nodiscard]] timer_wheel& wheel() { return wheel_; }

    /// Any thread: runs `what` on this loop's thread, in the order posted. Unbounded: for messages whose
    /// number is bounded by something else (postures, acknowledgements, answers to what was asked).
    template <class F>
    void post(F&& what) {
        asio::post(io_, std::forward<F>(what));
    }

    /// Starts a coroutine on this loop. An exception that leaves it is a bug: it ends the process.
    template <class T>
    void spawn(task<T> what) {
        asio::co_spawn(get_executor(), std::move(what), [](const std::exception_ptr& thrown, auto&&...) {
            if (thrown) std::rethrow_exception(thrown);
        });
    }

    /// Waits on this loop's thread; false when cancelled because the loop ends.
    task<bool> wait_until(steady_time due);

  private:
    void turn_wheel();

    bool turning_ = false;  ///< a tick is on its way

    timer_wheel
        wheel_;  // first, so that it outlives the deadlines of coroutines that end with the io_context
    asio::io_context io_{1};
    asio::executor_work_guard<executor> work_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               executor>
        ticker_;
};

/// A bounded way into a loop for many producers: what does not fit is refused, never waited for. Any thread.
class mailbox {
  public:
    mailbox(event_loop& to, std::size_t bound) : to_(to), bound_(bound) {}

    /// False when `bound` messages are on their way already.
    template <class F>
    [[nodiscard]] bool try_post(F&& what) {
        if (waiting_.fetch_add(1, std::memory_order_relaxed) >= bound_) {
            waiting_.fetch_sub(1, std::memory_order_relaxed);
            return false;
        }
        to_.post([this, what = std::forward<F>(what)]() mutable {
            waiting_.fetch_sub(1, std::memory_order_relaxed);
            what();
        });
        return true;
    }

    [[nodiscard]] event_loop& loop() { return to_; }

  private:
    event_loop& to_;
    const std::size_t bound_;
    std::atomic<std::size_t> waiting_{0};
};

}  // namespace garde::net
