// A coroutine that runs beside its owner: it begins at once, and ends with its owner at the latest.
#pragma once

#include "garde/net/alarm.hpp"

#include <optional>
#include <utility>

namespace garde::net {

/// One thread (its loop's). Destroying it ends what still runs there, as with any task; so its owner is not
/// resumed from within it, but by the alarm.
template <class T>
class companion {
  public:
    /// Starts `what`, and rings `when_over` at its end. Whoever waits for several lets them ring the same.
    companion(task<T> what, alarm& when_over)
        : when_over_(when_over), frame_(run(std::move(what), *this).frame) {
        frame_.resume();
    }
    companion(const companion&) = delete;
    companion& operator=(const companion&) = delete;
    ~companion() { frame_.destroy(); }

    [[nodiscard]] bool over() const { return result_.has_value(); }
    /// Once, when it is over.
    T take() { return std::move(*result_); }

  private:
    struct started {
        struct promise_type {
            static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
            static void operator delete(void* frame, std::size_t bytes) noexcept {
                frame_pool::release(frame, bytes);
            }
            started get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
            [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
            [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            /// As with what is spawned on a loop: a bug, which ends the process.
            [[noreturn]] void unhandled_exception() const { throw; }
        };
        std::coroutine_handle<promise_type> frame;
    };

    static started run(task<T> what, companion& of) {
        T result = co_await std::move(what);
        of.result_.emplace(std::move(result));
        of.when_over_.ring();
    }

    alarm& when_over_;
    std::optional<T> result_;
    std::coroutine_handle<typename started::promise_type> frame_;
};

}  // namespace garde::net
