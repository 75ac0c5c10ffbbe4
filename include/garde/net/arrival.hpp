// A value that another thread, or a later message, brings to a waiting coroutine.
#pragma once

#include "garde/net/event_loop.hpp"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace garde::net {

/// Shared by the one who waits and the one who brings. The waiting coroutine may be gone when the value
/// comes.
template <class T>
class arrival {
  public:
    explicit arrival(event_loop& loop) : loop_(loop) {}

    /// Any thread, once: the value comes by message to the loop of the one who waits.
    static void bring(const std::shared_ptr<arrival>& to, T value) {
        to->loop_.post([to, value = std::move(value)]() mutable { to->put(std::move(value)); });
    }

    /// Several at a time, of which each loop is told by a single message.
    static void bring_all(std::vector<std::pair<std::shared_ptr<arrival>, T>> all) {
        while (!all.empty()) {
            event_loop& to = all.front().first->loop_;
            std::vector<std::pair<std::shared_ptr<arrival>, T>> others;
            std::vector<std::pair<std::shared_ptr<arrival>, T>> together;
            for (auto& one : all) (&one.first->loop_ == &to ? together : others).push_back(std::move(one));
            to.post([together = std::move(together)]() mutable {
                for (auto& [one, value] : together) one->put(std::move(value));
            });
            all = std::move(others);
        }
    }

    /// On the loop's thread, by one coroutine that holds a share. `co_await one->wait()`.
    auto wait() {
        struct awaiter {
            arrival& on;
            waiter one{};
            ~awaiter() {
                if (on.waiting_ == &one) on.waiting_ = nullptr;
            }
            [[nodiscard]] bool await_ready() const noexcept { return on.value_.has_value(); }
            void await_suspend(std::coroutine_handle<> who) {
                one.wait(who);
                on.waiting_ = &one;
            }
            T await_resume() { return std::move(*on.value_); }
        };
        return awaiter{*this};
    }

  private:
    void put(T value) {
        value_.emplace(std::move(value));
        if (waiting_ != nullptr) loop_.resume_soon(*std::exchange(waiting_, nullptr));
    }

    event_loop& loop_;
    waiter* waiting_ = nullptr;
    std::optional<T> value_;
};

}  // namespace garde::net
