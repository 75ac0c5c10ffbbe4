// The coroutine type of every loop: lazy, one owner, one thread, and free of dispatch: a task that ends
// without having waited costs a call, one that waits is resumed by the loop itself. Frames come from a
// per-thread pool, so that a warm connection allocates nothing.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace garde::net {

/// Frames by size class, kept for the next coroutine of this thread. A frame may be given back on another
/// thread (a loop that is destroyed by its owner).
class frame_pool {
  public:
    static void* allocate(std::size_t bytes);
    static void release(void* frame, std::size_t bytes) noexcept;
};

namespace detail {

/// What all promises share. The one who awaits starts the coroutine by a plain call; a coroutine that ends
/// within that call is `done` when it returns, one that waited resumes its awaiter itself. So the stack grows
/// with the depth of the calls, never with their number.
class promise_base {
  public:
    static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
        frame_pool::release(frame, bytes);
    }

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    void unhandled_exception() noexcept { thrown_ = std::current_exception(); }

    struct final_awaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
            promise_base& promise = ended.promise();
            if (promise.starting_ || !promise.awaiter_) return;
            // May destroy this frame: nothing of it is touched behind this line.
            promise.awaiter_.resume();
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }

    /// True when the coroutine waits for something; it will then resume `awaiter`.
    bool start(std::coroutine_handle<> self, std::coroutine_handle<> awaiter) {
        awaiter_ = awaiter;
        starting_ = true;
        self.resume();
        starting_ = false;
        return !self.done();
    }

    void rethrow() const {
        if (thrown_) std::rethrow_exception(thrown_);
    }

  private:
    std::coroutine_handle<> awaiter_;
    std::exception_ptr thrown_;
    bool starting_ = false;
};

template <class T>
class promise_of : public promise_base {
  public:
    template <class U>
    void return_value(U&& value) {
        value_.emplace(std::forward<U>(value));
    }
    T take() {
        rethrow();
        return std::move(*value_);
    }

  private:
    std::optional<T> value_;
};

template <>
class promise_of<void> : public promise_base {
  public:
    void return_void() const noexcept {}
    void take() const { rethrow(); }
};

}  // namespace detail

/// Nothing runs before it is awaited, or spawned on a loop. Destroying a task that waits ends it there: its
/// locals are destroyed, whoever would have resumed it forgets it.
template <class T = void>
class [[nodiscard]] task {
  public:
    struct promise_type : detail::promise_of<T> {
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    };

    task(task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
    task& operator=(task&& other) noexcept {
        std::swap(frame_, other.frame_);
        return *this;
    }
    task(const task&) = delete;
    task& operator=(const task&) = delete;
    ~task() {
        if (frame_) frame_.destroy();
    }

    // Awaited once, by one coroutine of the same thread.
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> awaiter) { return frame_.promise().start(frame_, awaiter); }
    T await_resume() { return frame_.promise().take(); }

  private:
    explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
    std::coroutine_handle<promise_type> frame_;
};

}  // namespace garde::net
