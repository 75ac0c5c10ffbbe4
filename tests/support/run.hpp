// Runs coroutines of the code under test to their end on the test's own thread. Both sides of a connection
// share one loop, so that nothing depends on how threads are scheduled.
#pragma once

#include "garde/net/event_loop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace garde::test {

/// A test that takes longer hangs.
inline constexpr std::chrono::seconds patience{20};

/// Runs the loop until `finished`; a test failure when that takes too long.
inline void run_until(net::event_loop& loop, const std::function<bool()>& finished) {
    std::signal(SIGPIPE, SIG_IGN);  // as the program does
    // Not a deadline of the loop's: those are under test.
    const auto limit = std::chrono::steady_clock::now() + patience;
    std::jthread watchdog([&loop, limit](const std::stop_token& done) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any woken;
        woken.wait_until(lock, done, limit, [] { return false; });
        if (!done.stop_requested()) loop.stop();
    });
    loop.restart();
    while (!finished() && !loop.stopped()) loop.turn(net::event_loop::patience::wait);
    if (std::chrono::steady_clock::now() >= limit) ADD_FAILURE() << "it hangs";
}

template <class T>
net::task<> keep_result(net::task<T> what, std::optional<T>& out) {
    out.emplace(co_await std::move(what));
}

inline net::task<> keep_end(net::task<> what, bool& ended) {
    co_await std::move(what);
    ended = true;
}

/// What the coroutine returns.
template <class T>
T run(net::event_loop& loop, net::task<T> what) {
    std::optional<T> out;
    loop.spawn(keep_result(std::move(what), out));
    run_until(loop, [&] { return out.has_value(); });
    return out ? std::move(*out) : T{};
}

inline void run(net::event_loop& loop, net::task<> what) {
    bool ended = false;
    loop.spawn(keep_end(std::move(what), ended));
    run_until(loop, [&] { return ended; });
}

/// Both at the same time.
template <class A, class B>
std::pair<A, B> run_both(net::event_loop& loop, net::task<A> a, net::task<B> b) {
    std::optional<A> first;
    std::optional<B> second;
    loop.spawn(keep_result(std::move(a), first));
    loop.spawn(keep_result(std::move(b), second));
    run_until(loop, [&] { return first && second; });
    return {first ? std::move(*first) : A{}, second ? std::move(*second) : B{}};
}

/// Lets everything that is ready happen.
inline void settle(net::event_loop& loop) {
    while (loop.turn(net::event_loop::patience::poll)) {
    }
}

/// From now on the steady clock.
inline steady_time in(milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

}  // namespace garde::test
