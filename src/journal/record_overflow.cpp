// See record_overflow.hpp.
#include "record_overflow.hpp"

#include "record_json.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace garde::journal {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

record_overflow::record_overflow(setup with, std::shared_ptr<overflow_counts> counts)
    : with_(std::move(with)), counts_(std::move(counts)), queue_(queue_bound), thread_([this] { run(); }) {}

record_overflow::~record_overflow() {
    ask_to_end();
    thread_.join();
}

void record_overflow::add(const record& what) {
    auto frame = syslog_frame(with_.from, syslog_kind::record, what.at, record_json(what));
    if (!queue_.push(std::move(frame))) counts_->dropped.fetch_add(1, std::memory_order_relaxed);
}

void record_overflow::ask_to_end() {
    if (ending_.exchange(true)) return;
    limit_.end(now() + last_limit);
    queue_.close();
}

void record_overflow::run() {
    for (auto next = queue_.take_all(); !next.empty(); next = queue_.take_all()) {
        auto& count = deliver(next) ? counts_->sent : counts_->dropped;
        count.fetch_add(next.size(), std::memory_order_relaxed);
    }
    ended_.store(true, std::memory_order_release);
}

/// Tries until it works or the end was asked for; then once more. What comes meanwhile waits in the queue.
bool record_overflow::deliver(std::span<const std::string> frames) {
    milliseconds pause = with_.first_pause;
    for (bool last = ending_.load();; last = queue_.wait_closed(pause)) {
        limit_.begin(now() + attempt_limit);
        const auto became = with_.to(frames, limit_);
        if (became) return true;
        if (last) {
            spdlog::error("journal: {} records that wait for the disk did not reach syslog either: {}",
                          frames.size(), became.error().message);
            return false;
        }
        pause = std::min(with_.longest_pause, 2 * pause);
    }
}

}  // namespace garde::journal
