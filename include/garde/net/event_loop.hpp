// One thread's world: an edge-triggered epoll set, messages from other threads, a timer wheel, and the
// coroutines that wait for them. Only its own thread touches it; others reach it by post() only.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/net/task.hpp"
#include "garde/net/timer_wheel.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

struct epoll_event;

namespace garde::net {

class event_loop;
class watched_socket;

/// A coroutine that waits for something of a loop's; lives in the coroutine's frame, so that a coroutine that
/// is destroyed is forgotten by whoever would have resumed it.
class waiter {
  public:
    waiter() = default;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { unlink(); }

    void wait(std::coroutine_handle<> who) { who_ = who; }
    /// Now, from the loop's own turn.
    void resume() { who_.resume(); }

  private:
    friend class event_loop;
    void unlink();
    std::coroutine_handle<> who_;
    waiter* previous_ = nullptr;
    waiter* next_ = nullptr;
    event_loop* ready_on_ = nullptr;  ///< set while in that loop's list of those to resume
};

class event_loop {
  public:
    event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;
    ~event_loop();

    /// Turns until stop(). The calling thread becomes this loop's thread.
    void run();

    /// How one turn begins: by waiting for something to happen, or with what has happened already.
    enum class patience : std::uint8_t { wait, poll };
    /// Lets everything that is ready happen once; false when there was nothing.
    bool turn(patience how);

    /// Any thread. What is queued and not yet run is dropped with the loop.
    void stop();
    [[nodiscard]] bool stopped() const { return stopped_.load(std::memory_order_acquire); }

    /// After stop(): may turn again.
    void restart() { stopped_.store(false, std::memory_order_release); }
    /// Ends the coroutines that still wait, then drops the messages that were not run: for whoever lends them
    /// something that ends before the loop. The destructor does the same.
    void abandon();

    [[nodiscard]] timer_wheel& wheel() { return wheel_; }

    /// When this turn began: good enough for deadlines, and free.
    [[nodiscard]] steady_time now() const { return now_; }

    /// Any thread: runs `what` on this loop's thread, in the order posted. Unbounded: for messages whose
    /// number is bounded by something else (postures, acknowledgements, answers to what was asked).
    void post(std::move_only_function<void()> what);

    /// Starts a coroutine in this loop's next turn. On the loop's thread, or while it does not run. An
    /// exception that leaves the coroutine is a bug: it ends the process.
    template <class T>
    void spawn(task<T> what) {
        auto started = root::run(*this, std::move(what));
        resume_soon(started.frame.promise().begin);
    }

    /// Resumes this one in the loop's next turn; not before the caller returns.
    void resume_soon(waiter& one);

    /// Waits until then, on this loop's thread; a tick late at most.
    task<> wait_until(steady_time due);

    /// Lets the others have their turn. `co_await loop.yield()`.
    auto yield() { return pause{*this, false}; }

    /// Lets what has arrived in this turn be read first: for who is about to write. Writes that follow each
    /// other closely wake their readers once instead of each time, and find their code in the processor's
    /// cache. Free where nothing else has arrived. `co_await loop.after_arrivals()`.
    auto after_arrivals() { return pause{*this, event_ + 1 >= arrived_}; }

  private:
    friend class watched_socket;
    friend class waiter;

    struct pause {
        event_loop& loop;
        bool over;
        waiter one{};
        [[nodiscard]] bool await_ready() const noexcept { return over; }
        void await_suspend(std::coroutine_handle<> who) {
            one.wait(who);
            loop.resume_soon(one);
        }
        void await_resume() const noexcept {}
    };

    /// A spawned coroutine: linked to its loop, so that the loop can end it.
    struct root {
        struct promise_type {
            static void* operator new(std::size_t bytes) { return frame_pool::allocate(bytes); }
            static void operator delete(void* frame, std::size_t bytes) noexcept {
                frame_pool::release(frame, bytes);
            }
            template <class Task>
            promise_type(event_loop& on, Task& /*what*/) : loop(on) {
                next = std::exchange(loop.roots_, this);
                if (next != nullptr) next->previous = this;
            }
            promise_type(const promise_type&) = delete;
            promise_type& operator=(const promise_type&) = delete;
            ~promise_type() {
                (previous != nullptr ? previous->next : loop.roots_) = next;
                if (next != nullptr) next->previous = previous;
            }
            root get_return_object() {
                const auto frame = std::coroutine_handle<promise_type>::from_promise(*this);
                begin.wait(frame);
                return root{frame};
            }
            [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
            [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
            void return_void() const noexcept {}
            [[noreturn]] void unhandled_exception() const { throw; }

            event_loop& loop;
            waiter begin;
            promise_type* previous = nullptr;
            promise_type* next = nullptr;
        };

        template <class Task>
        static root run(event_loop& /*on*/, Task what) {
            co_await std::move(what);
        }

        std::coroutine_handle<promise_type> frame;
    };

    void wake();
    [[nodiscard]] int wait_milliseconds(patience how) const;
    void dispatch(int count);
    bool run_ready();
    bool run_posted();
    /// This one is going: no event of the turn at hand may reach it any more.
    void forget(const watched_socket* one);

    static constexpr std::size_t batch = 128;

    timer_wheel wheel_;  // first, so that it outlives the deadlines of coroutines that end with the loop
    steady_time now_;
    steady_time next_tick_;
    int epoll_ = -1;
    int wake_ = -1;  ///< eventfd
    std::atomic<bool> stopped_{false};
    std::atomic<bool> woken_{false};
    std::mutex mutex_;
    std::vector<std::move_only_function<void()>> posted_;  ///< under mutex_
    std::vector<std::move_only_function<void()>> running_;
    waiter* ready_first_ = nullptr;
    waiter* ready_last_ = nullptr;
    waiter turn_end_;  ///< behind those that this turn resumes
    root::promise_type* roots_ = nullptr;
    std::vector<epoll_event> events_;
    int event_ = 0;    ///< the one being dispatched
    int arrived_ = 0;  ///< how many this turn has
};

/// For the thread that calls it, for good: workers go first. Where all want the same core, it has a tenth of
/// what a worker has, and does not take the core from one the moment that it has something to do.
void let_workers_go_first();

/// A bounded way into a loop for many producers: what does not fit is refused, never waited for. Any thread.
class mailbox {
  public:
    mailbox(event_loop& to, std::size_t bound) : to_(to), bound_(bound) {}

    /// False when `bound` messages are on their way already; `what` is left as it is then.
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
