// See writer_thread.hpp.
#include "writer_thread.hpp"

#include "garde/base/hash.hpp"
#include "garde/journal/growth.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

namespace garde::journal {

namespace {

/// Until the log is a tree, the last link of its chain stands for the root: it says as much.
tree_head head_of(const link& last) {
    tree_head out{.size = last.seq, .root = {}};
    if (const auto bytes = from_hex(last.hash); bytes && bytes->size() == out.root.size())
        std::ranges::copy(*bytes, out.root.begin());
    return out;
}

/// Notes since when the disk owes an answer.
class asking {
  public:
    explicit asking(std::atomic<steady_time::rep>& since) : since_(since) {
        since_.store(std::chrono::steady_clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    }
    asking(const asking&) = delete;
    asking& operator=(const asking&) = delete;
    ~asking() { since_.store(0, std::memory_order_relaxed); }

  private:
    std::atomic<steady_time::rep>& since_;
};

}  // namespace

writer_thread::writer_thread(opener open, writer_limits limits, writer_hooks hooks)
    : open_(std::move(open)),
      limits_(limits),
      hooks_(std::move(hooks)),
      queue_(limits.queue_bound),
      thread_([this] { run(); }) {}

writer_thread::~writer_thread() {
    queue_.close();
    thread_.join();
}

void writer_thread::append(record what, on_durable then) {
    if (hooks_.overflow && failing()) hooks_.overflow(what);
    entry added{std::move(what), std::move(then)};
    if (queue_.push(std::move(added))) return;
    lost_.fetch_add(1, std::memory_order_relaxed);
    // NOLINTNEXTLINE(bugprone-use-after-move): push leaves what it refuses untouched
    if (added.then) added.then(false);
}

bool writer_thread::failing() const {
    if (failing_.load(std::memory_order_relaxed)) return true;
    const auto asked_at = asked_disk_at_.load(std::memory_order_relaxed);
    return asked_at != 0 &&
           std::chrono::steady_clock::now() - steady_time(steady_time::duration(asked_at)) > limits_.patience;
}

void writer_thread::run() {
    const auto log = open();
    if (!log) return give_up();
    group first;
    first.records = log->findings();
    first.callbacks.resize(first.records.size());
    bool given_up = !first.records.empty() && !commit(*log, first);
    for (auto next = next_group(); !next.records.empty(); next = next_group()) {
        // Once a group was given up, nothing may be written behind the hole that it left.
        given_up = given_up || !commit(*log, next);
        for (const auto& then : next.callbacks)
            if (then) then(!given_up);
    }
}

/// Tries until it works or the queue is closed; then once more. Null when it never worked.
std::unique_ptr<log_file> writer_thread::open() {
    for (bool last_try = false;; last_try = queue_.wait_closed(limits_.retry_interval)) {
        auto log = [this] {
            const asking waits(asked_disk_at_);
            return open_();
        }();
        if (log) {
            if (failing_.exchange(false, std::memory_order_relaxed)) spdlog::info("journal: opened");
            return std::move(*log);
        }
        if (!failing_.exchange(true, std::memory_order_relaxed))
            spdlog::error(
                "journal: cannot be opened yet: {}; records are kept up to {}, and it is tried again every "
                "{} ms",
                log.error().message, limits_.queue_bound, limits_.retry_interval.count());
        if (last_try) return nullptr;
    }
}

/// At the end of a journal that was never opened.
void writer_thread::give_up() {
    std::size_t count = 0;
    for (auto rest = queue_.take_all(); !rest.empty(); rest = queue_.take_all())
        for (const auto& one : rest) {
            ++count;
            if (one.then) one.then(false);
        }
    spdlog::error("journal: stopping with {} records that could not be written", count);
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

std::error_code writer_thread::try_commit(log_file& log, const group& what) {
    const asking waits(asked_disk_at_);
    return log.commit(what.records);
}

void writer_thread::tell_growth(const log_file& log, const group& what) const {
    if (!hooks_.grown) return;
    const bool urgent = std::ranges::any_of(
        what.records, [](const record& one) { return urgency_of(one) == urgency::at_once; });
    hooks_.grown(head_of(log.last()), urgent ? urgency::at_once : urgency::usual);
}

/// Tries until it works or the queue is closed; then once more. Whether the records are durable.
bool writer_thread::commit(log_file& log, const group& what) {
    for (;;) {
        const auto why = try_commit(log, what);
        if (!why) {
            if (failing_.exchange(false, std::memory_order_relaxed))
                spdlog::info("journal: writing works again");
            tell_growth(log, what);
            return true;
        }
        if (!failing_.exchange(true, std::memory_order_relaxed)) {
            spdlog::error(
                "journal: writing failed: {}; records are kept up to {}, and it is tried again every {} ms",
                why.message(), limits_.queue_bound, limits_.retry_interval.count());
            if (hooks_.overflow) std::ranges::for_each(what.records, hooks_.overflow);
        }
        if (!queue_.wait_closed(limits_.retry_interval)) continue;
        if (!try_commit(log, what)) {
            tell_growth(log, what);
            return true;
        }
        spdlog::error("journal: stopping with {} records that could not be written: {}", what.records.size(),
                      why.message());
        return false;
    }
}

}  // namespace garde::journal
