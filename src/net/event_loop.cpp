// See event_loop.hpp.
#include "garde/net/event_loop.hpp"

#include "garde/net/alarm.hpp"
#include "garde/net/watched_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace garde::net {

void waiter::unlink() {
    if (ready_on_ == nullptr) return;
    (previous_ != nullptr ? previous_->next_ : ready_on_->ready_first_) = next_;
    (next_ != nullptr ? next_->previous_ : ready_on_->ready_last_) = previous_;
    previous_ = next_ = nullptr;
    ready_on_ = nullptr;
}

event_loop::event_loop()
    : wheel_(std::chrono::steady_clock::now()),
      now_(std::chrono::steady_clock::now()),
      next_tick_(now_),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      events_(batch) {
    // Edge-triggered: each write is an edge, so that nobody has to read the count back.
    epoll_event waking{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    if (epoll_ < 0 || wake_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &waking) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot make an event loop");
}

event_loop::~event_loop() {
    abandon();
    ::close(wake_);
    ::close(epoll_);
}

void event_loop::abandon() {
    while (roots_ != nullptr) std::coroutine_handle<root::promise_type>::from_promise(*roots_).destroy();
    running_.clear();
    posted_.clear();
}

void event_loop::run() {
    while (!stopped()) turn(patience::wait);
}

void event_loop::stop() {
    stopped_.store(true, std::memory_order_release);
    wake();
}

void event_loop::wake() {
    const std::uint64_t one = 1;
    if (!woken_.exchange(true)) (void)!::write(wake_, &one, sizeof one);
}

void event_loop::post(std::move_only_function<void()> what) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(what));
    wake();  // under the lock: the message may be the one after which the loop ends, and its descriptors with
             // it
}

void event_loop::resume_soon(waiter& one) {
    if (one.ready_on_ != nullptr) return;
    one.ready_on_ = this;
    one.previous_ = ready_last_;
    (ready_last_ != nullptr ? ready_last_->next_ : ready_first_) = &one;
    ready_last_ = &one;
}

int event_loop::wait_milliseconds(patience how) const {
    if (how == patience::poll || ready_first_ != nullptr) return 0;
    const auto next = wheel_.next_expiry();
    if (!next) return -1;
    const auto left = *next - std::chrono::steady_clock::now();
    return static_cast<int>(std::clamp<std::int64_t>(std::chrono::ceil<milliseconds>(left).count(), 0,
                                                     std::int64_t{60} * 60 * 1000));
}

bool event_loop::turn(patience how) {
    const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(batch), wait_milliseconds(how));
    now_ = std::chrono::steady_clock::now();
    if (count > 0) dispatch(count);
    bool any = count > 0;
    if (now_ >= next_tick_) {
        any = wheel_.advance(now_) || any;
        next_tick_ = steady_time((now_.time_since_epoch() / timer_wheel::tick + 1) * timer_wheel::tick);
    }
    any = run_posted() || any;
    return run_ready() || any;
}

void event_loop::dispatch(int count) {
    arrived_ = count;
    for (event_ = 0; event_ < arrived_; ++event_) {
        const epoll_event& what = events_[static_cast<std::size_t>(event_)];
        if (auto* to = static_cast<watched_socket*>(what.data.ptr)) to->on_events(what.events);
    }
    arrived_ = 0;
}

void event_loop::forget(const watched_socket* one) {
    for (int i = event_ + 1; i < arrived_; ++i)
        if (events_[static_cast<std::size_t>(i)].data.ptr == one)
            events_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

bool event_loop::run_posted() {
    if (!woken_.load(std::memory_order_relaxed)) return false;
    woken_.store(false);
    {
        const std::lock_guard lock(mutex_);
        running_.swap(posted_);
    }
    for (auto& one : running_) one();
    const bool any = !running_.empty();
    running_.clear();
    return any;
}

/// Those that are ready now; whom they make ready has the next turn.
bool event_loop::run_ready() {
    if (ready_first_ == nullptr) return false;
    resume_soon(turn_end_);
    while (ready_first_ != &turn_end_) {
        waiter& one = *ready_first_;
        one.unlink();
        one.resume();
    }
    turn_end_.unlink();
    return true;
}

void let_workers_go_first() {
    constexpr int behind = 10;  // of the weights that stand for niceness, a tenth
    const auto self = static_cast<id_t>(::gettid());
    (void)::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + behind);
}

task<> event_loop::wait_until(steady_time due) {
    alarm pause(*this);
    co_await pause.wait_until(due);
}

}  // namespace garde::net
