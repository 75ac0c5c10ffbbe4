// See writer_thread.hpp.
#include "writer_thread.hpp"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

namespace garde::journal {

writer_thread::writer_thread(std::unique_ptr<log_file> log, writer_limits limits)
    : log_(std::move(log)), limits_(limits), queue_(limits.queue_bound), thread_([this] { run(); }) {}

writer_thread::~writer_thread() {
    queue_.close();
    thread_.join();
}

void writer_thread::append(record what, on_durable then) {
    entry added{std::move(what), std::move(then)};
    if (queue_.push(std::move(added))) return;
    lost_.fetch_add(1, std::memory_order_relaxed);
    // NOLINTNEXTLINE(bugprone-use-after-move): push leaves what it refuses untouched
    if (added.then) added.then(false);
}

void writer_thread::run() {
    group first;
    first.records = log_->findings();
    first.callbacks.resize(first.records.size());
    bool given_up = !first.records.empty() && !commit(first);
    for (auto next = next_group(); !next.records.empty(); next = next_group()) {
        // Once a group was given up, nothing may be written behind the hole that it left.
        given_up = given_up || !commit(next);
        for (const auto& then : next.callbacks)
            if (then) then(!given_up);
    }
}

/// Empty only when the queue is closed and there is nothing left to say.
writer_thread::group writer_thread::next_group() {
    group out;
    if (lost_.load(std::memory_order_relaxed) == 0) {
        for (auto& taken : queue_.take_all()) {
            out.records.push_back(std::move(taken.what));
            out.callbacks.push_back(std::move(taken.then));
        }
    }
    if (const auto lost = lost_.exchange(0, std::memory_order_relaxed); lost > 0) {
        out.records.push_back({wall_now(), "lost", {{"count", std::to_string(lost)}}});
        out.callbacks.emplace_back();
    }
    return out;
}

/// Tries until it works or the queue is closed; then once more. Whether the records are durable.
bool writer_thread::commit(const group& what) {
    for (;;) {
        const auto why = log_->commit(what.records);
        if (!why) {
            if (failing_.exchange(false, std::memory_order_relaxed))
                spdlog::info("journal: writing works again");
            return true;
        }
        if (!failing_.exchange(true, std::memory_order_relaxed))
            spdlog::error(
                "journal: writing failed: {}; records are kept up to {}, and it is tried again every {} ms",
                why.message(), limits_.queue_bound, limits_.retry_interval.count());
        if (!queue_.wait_closed(limits_.retry_interval)) continue;
        if (!log_->commit(what.records)) return true;
        spdlog::error("journal: stopping with {} records that could not be written: {}", what.records.size(),
                      why.message());
        return false;
    }
}

}  // namespace garde::journal
