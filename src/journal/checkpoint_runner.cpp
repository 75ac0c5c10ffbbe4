// See checkpoint_runner.hpp.
#include "checkpoint_runner.hpp"

#include "garde/base/hash.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <span>

namespace garde::journal {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

/// From 0 to 1.
double dice() {
    std::array<std::uint8_t, 1> byte{};
    random_fill(byte);
    return byte[0] / 255.0;
}

}  // namespace

checkpoint_runner::checkpoint_runner(setup with)
    : with_(std::move(with)), schedule_(with_.rules), thread_([this] { run(); }) {
    const std::lock_guard lock(mutex_);
    state_.name = with_.name;
}

checkpoint_runner::~checkpoint_runner() {
    ask_to_end();
    thread_.join();
}

void checkpoint_runner::grown(urgency how) {
    {
        const std::lock_guard lock(mutex_);
        schedule_.grown(now(), how);
    }
    woken_.notify_one();
}

void checkpoint_runner::use(push_schedule::rules rules) {
    const std::lock_guard lock(mutex_);
    schedule_.use(rules);
}

place_state checkpoint_runner::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::optional<steady_time> checkpoint_runner::failing_since() const {
    const std::lock_guard lock(mutex_);
    return schedule_.failing_since();
}

void checkpoint_runner::ask_to_end() {
    {
        const std::lock_guard lock(mutex_);
        if (life_ != life::running) return;
        life_ = life::ending;
        limit_.end(now() + last_limit);
    }
    woken_.notify_one();
}

bool checkpoint_runner::has_ended() const {
    const std::lock_guard lock(mutex_);
    return life_ == life::ended;
}

/// Until there is something to push now; false at the end.
bool checkpoint_runner::await_push(std::unique_lock<std::mutex>& lock) {
    for (;;) {
        if (life_ == life::ending) return schedule_.behind();
        const auto due = schedule_.due();
        if (due && *due <= now()) return true;
        if (due)
            woken_.wait_until(lock, *due);
        else
            woken_.wait(lock);
    }
}

void checkpoint_runner::run() {
    std::unique_lock lock(mutex_);
    while (await_push(lock)) {
        const bool last = life_ == life::ending;
        schedule_.begin();
        limit_.begin(now() + attempt_limit);
        lock.unlock();
        const auto newest = with_.book->newest();
        const result<void> became =
            newest ? with_.place->push(*newest, limit_) : std::unexpected(newest.error());
        lock.lock();
        settle(became, newest ? newest->what.head.size : 0);
        if (last) break;
    }
    life_ = life::ended;
}

void checkpoint_runner::settle(const result<void>& became, std::uint64_t size) {
    const bool failed_before = schedule_.failing_since().has_value();
    if (became) {
        schedule_.pushed();
        state_.pushed_size = size;
        state_.pushed_at = wall_now();
        state_.failing_since.reset();
        state_.why.clear();
        if (failed_before) spdlog::info("checkpoints: {} works again", with_.name);
        return;
    }
    schedule_.failed(now(), dice());
    state_.why = became.error().message;
    if (failed_before) return;
    state_.failing_since = wall_now();
    spdlog::error("checkpoints: {} fails and is tried again: {}", with_.name, state_.why);
}

}  // namespace garde::journal
