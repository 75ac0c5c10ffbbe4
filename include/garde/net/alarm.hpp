// A pause in a coroutine that another may cut short.
#pragma once

#include "garde/net/event_loop.hpp"

namespace garde::net {

/// One thread (its loop's). One coroutine waits at a time.
class alarm {
  public:
    explicit alarm(event_loop& loop) : loop_(loop), due_(loop.wheel(), [this] { ring(); }) {}
    alarm(const alarm&) = delete;
    alarm& operator=(const alarm&) = delete;
    ~alarm() = default;

    /// Waits until then, or until ring(). `co_await one.wait_until(due)`.
    auto wait_until(steady_time due) {
        struct awaiter {
            alarm& on;
            steady_time due;
            waiter one{};
            ~awaiter() {
                if (on.waiting_ == &one) on.waiting_ = nullptr;
            }
            [[nodiscard]] bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> who) {
                one.wait(who);
                on.waiting_ = &one;
                on.due_.set(due);
            }
            void await_resume() noexcept {
                on.waiting_ = nullptr;
                on.due_.cancel();
            }
        };
        return awaiter{*this, due};
    }

    /// Ends the wait at hand, if there is one.
    void ring() {
        if (waiting_ != nullptr) loop_.resume_soon(*waiting_);
    }

  private:
    event_loop& loop_;
    deadline due_;
    waiter* waiting_ = nullptr;
};

}  // namespace garde::net
