// See writer_thread.hpp.
#include "writer_thread.hpp"

#include "own_events.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

namespace garde::journal {

namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

/// Notes since when the disk owes an answer.
class asking {
  public:
    explicit asking(std::atomic<steady_time::rep>& since) : since_(since) {
        since_.store(now().time_since_epoch().count(), std::memory_order_relaxed);
    }
    asking(const asking&) = delete;
    asking& operator=(const asking&) = delete;
    ~asking() { since_.store(0, std::memory_order_relaxed); }

  private:
    std::atomic<steady_time::rep>& since_;
};

urgency highest_urgency(const std::vector<record>& of) {
    auto out = urgency::usual;
    for (const auto& one : of) out = std::max(out, urgency_of(one.event));
    return out;
}

}  // namespace

writer_thread::writer_thread(opener open, writer_limits limits, writer_hooks hooks)
    : open_(std::move(open)),
      limits_(limits),
      hooks_(std::move(hooks)),
      queue_(limits.queue_bound),
      thread_([this] { run(); }) {
    if (hooks_.overflow) watcher_ = std::jthread([this](const std::stop_token& until) { watch(until); });
}

writer_thread::~writer_thread() {
    queue_.close();
    thread_.join();
    watcher_ = {};  // up to here: the disk may be stuck in what it does last
}

void writer_thread::append(record what, on_durable then) {
    const bool passed_on = hooks_.overflow && failing();
    if (passed_on) hooks_.overflow(what);
    entry added{std::move(what), std::move(then), passed_on};
    if (queue_.push(std::move(added))) return;
    lost_.fetch_add(1, std::memory_order_relaxed);
    // NOLINTNEXTLINE(bugprone-use-after-move): push leaves what it refuses untouched
    if (added.then) added.then(false);
}

bool writer_thread::failing() const {
    if (failing_.load(std::memory_order_relaxed)) return true;
    const auto asked_at = asked_disk_at_.load(std::memory_order_relaxed);
    return asked_at != 0 && now() - steady_time(steady_time::duration(asked_at)) > limits_.patience;
}

void writer_thread::group::add(record what, on_durable then, bool passed) {
    records.push_back(std::move(what));
    callbacks.push_back(std::move(then));
    passed_on.push_back(passed);
}

/// What waits and has not been passed on yet. Any thread.
void writer_thread::pass_on() {
    if (!hooks_.overflow) return;
    std::vector<record> due;
    {
        const std::lock_guard lock(passing_);
        if (writing_ != nullptr)
            for (std::size_t i = 0; i < writing_->records.size(); ++i)
                if (!writing_->passed_on[i]) {
                    due.push_back(writing_->records[i]);
                    writing_->passed_on[i] = true;
                }
        queue_.each_waiting([&](entry& one) {
            if (!std::exchange(one.passed_on, true)) due.push_back(one.what);
        });
    }
    std::ranges::for_each(due, hooks_.overflow);
}

void writer_thread::watch(const std::stop_token& until) {
    std::mutex unshared;
    std::unique_lock lock(unshared);
    while (!watching_.wait_for(lock, until, limits_.patience / 4, [&] { return until.stop_requested(); }))
        if (failing()) pass_on();
}

void writer_thread::run() {
    const auto log = open();
    if (!log) return give_up();
    serve(*log);
}

void writer_thread::serve(log_file& log) {
    group first;
    for (const auto& one : log.findings()) first.add(one);
    if (!first.records.empty()) write(log, first);
    do_chores(log);
    for (auto next = next_group(); next; next = next_group()) {
        if (!next->records.empty()) write(log, *next);
        if (now() >= chores_at_ || log.segment() != chores_segment_) do_chores(log);
    }
}

/// Commits, removes what the records say is removed, and tells those who wait.
void writer_thread::write(log_file& log, group& what) {
    const auto show = [this](group* now) {
        const std::lock_guard lock(passing_);
        writing_ = now;
    };
    show(&what);
    given_up_ = given_up_ || !commit(log, what);
    show(nullptr);
    if (!given_up_) {
        tidy(log);
        if (hooks_.grown) hooks_.grown(log.head(), highest_urgency(what.records));
    }
    for (const auto& then : what.callbacks)
        if (then) then(!given_up_);
}

/// What cannot be removed now is tried again with the next group; it harms nobody meanwhile but by its size.
void writer_thread::tidy(log_file& log) {
    const asking waits(asked_disk_at_);
    const auto why = log.tidy();
    if (why && !tidy_failed_) spdlog::error("journal: what is over cannot be removed yet: {}", why.message());
    tidy_failed_ = static_cast<bool>(why);
}

void writer_thread::do_chores(log_file& log) {
    chores_at_ = now() + limits_.chores_every;
    chores_segment_ = log.segment();
    auto due = log.due(wall_now());
    if (!due) return spdlog::error("journal: retention: {}", due.error().message());
    if (due->empty()) return;
    group what;
    for (auto& one : *due) what.add(std::move(one));
    write(log, what);
}

/// Tries until it works or the queue is closed; then once more. Null when it never worked.
std::unique_ptr<log_file> writer_thread::open() {
    const auto since = now();
    for (bool last_try = false;; last_try = queue_.wait_closed(limits_.retry_interval)) {
        auto log = [this] {
            const asking waits(asked_disk_at_);
            return open_();
        }();
        if (log) {
            const bool failed = failing_.exchange(false, std::memory_order_relaxed);
            if (failed) spdlog::info("journal: opened");
            if (failed || now() - since > limits_.patience) note_waiting(queue_.size(), since);
            return std::move(*log);
        }
        if (!failing_.exchange(true, std::memory_order_relaxed))
            spdlog::error(
                "journal: cannot be opened yet: {}; records are kept up to {}, and it is tried again every "
                "{} ms",
                log.error().message, limits_.queue_bound, limits_.retry_interval.count());
        pass_on();
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

/// What the journal has to say of records that were lost or late.
std::vector<record> writer_thread::own_records() {
    std::vector<record> out;
    if (const auto lost = lost_.exchange(0, std::memory_order_relaxed); lost > 0)
        out.push_back({wall_now(), std::string(event_lost), {{"count", std::to_string(lost)}}});
    if (const auto late = std::exchange(late_, {}); late.records > 0)
        out.push_back({wall_now(),
                       std::string(event_written_late),
                       {{"count", std::to_string(late.records)},
                        {"longest-ms", std::to_string(late.longest.count())}}});
    return out;
}

/// Nothing when the queue is closed and there is nothing left to say; empty when it is time to look at
/// chores.
std::optional<writer_thread::group> writer_thread::next_group() {
    group out;
    if (lost_.load(std::memory_order_relaxed) == 0 && late_.records == 0) {
        auto taken = queue_.take_within(limits_.chores_every);
        if (!taken) return std::nullopt;
        for (auto& one : *taken) out.add(std::move(one.what), std::move(one.then), one.passed_on);
    }
    for (auto& one : own_records()) out.add(std::move(one));
    return out;
}

std::error_code writer_thread::try_commit(log_file& log, const group& what) {
    const asking waits(asked_disk_at_);
    return log.commit(what.records);
}

void writer_thread::note_waiting(std::size_t records, steady_time since) {
    late_.records += records;
    late_.longest = std::max(late_.longest, std::chrono::duration_cast<milliseconds>(now() - since));
}

/// Tries until it works or the queue is closed; then once more. Whether the records are durable.
bool writer_thread::commit(log_file& log, const group& what) {
    const auto since = now();
    for (;;) {
        const auto why = try_commit(log, what);
        if (!why) {
            const bool failed = failing_.exchange(false, std::memory_order_relaxed);
            if (failed) spdlog::info("journal: writing works again");
            if (failed || now() - since > limits_.patience)
                note_waiting(what.records.size() + queue_.size(), since);
            return true;
        }
        if (!failing_.exchange(true, std::memory_order_relaxed))
            spdlog::error(
                "journal: writing failed: {}; records are kept up to {}, and it is tried again every {} ms",
                why.message(), limits_.queue_bound, limits_.retry_interval.count());
        pass_on();
        if (!queue_.wait_closed(limits_.retry_interval)) continue;
        if (!try_commit(log, what)) return true;
        spdlog::error("journal: stopping with {} records that could not be written: {}", what.records.size(),
                      why.message());
        return false;
    }
}

}  // namespace garde::journal
