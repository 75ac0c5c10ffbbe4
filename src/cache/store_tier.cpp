// See store_tier.hpp. The desk numbers its changes; the writer tells up to which number they are on the disk.
// A key is marked with the number of the last change that concerns it, and as long as it is marked, nothing
// is taken in from the disk for it.
#include "garde/cache/store_tier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace garde::cache {
namespace {

/// How long after a change is on the disk something that was read before may still arrive.
constexpr milliseconds mark_time = 4 * store_tier::read_limit;
constexpr milliseconds interrupt_interval{10};

}  // namespace

std::string_view to_text(tier_state value) {
    switch (value) {
        case tier_state::opening: return "opening";
        case tier_state::working: return "working";
        case tier_state::failing: return "failing";
    }
    std::unreachable();
}

store_tier::store_tier(net::event_loop& desk, vault_settings with, caller_bars& bars, taking take)
    : desk_(desk),
      with_(std::move(with)),
      bars_(bars),
      take_(std::move(take)),
      writer_thread_([this] { write(); }),
      reader_thread_([this] { read_on(); }),
      checker_thread_([this] { check_on(); }) {}

store_tier::~store_tier() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    to_write_.notify_all();
    to_read_.notify_all();
    to_check_.notify_all();
    interrupt_check();
    writer_thread_.join();
    reader_thread_.join();
    checker_thread_.join();
}

/// A check that was just about to begin does not notice, so again and again.
void store_tier::interrupt_check() {
    std::unique_lock lock(mutex_);
    while (checking_ != nullptr) {
        checking_->interrupt_check();
        checked_.wait_for(lock, interrupt_interval);
    }
}

tier_totals store_tier::totals() const {
    const std::lock_guard lock(mutex_);
    auto out = totals_;
    out.waiting = changes_waiting_.size();
    return out;
}

// --- on the desk's thread

void store_tier::put(change what, std::span<const cache_key> concerns) {
    forget_old_marks();
    ++changes_;
    for (const auto& key : concerns) {
        marks_[key] = changes_;
        marked_.emplace_back(changes_, key);
    }
    {
        const std::lock_guard lock(mutex_);
        changes_waiting_.push_back(std::move(what));
        last_waiting_ = changes_;
    }
    to_write_.notify_one();
}

void store_tier::keep(const kept_reply& what) {
    bool room = false;
    {
        const std::lock_guard lock(mutex_);
        room = keeps_waiting_ < waiting_bound && bytes_waiting_ + what.body->size() <= waiting_bytes_bound;
        if (room) {
            ++keeps_waiting_;
            bytes_waiting_ += what.body->size();
        } else {
            ++totals_.dropped;
        }
    }
    const std::span<const cache_key> concerns(&what.key, 1);
    if (room) return put(keep_change{what}, concerns);
    // What is on the disk is older now.
    if (marked_.size() >= removal_bound) return overflow();
    put(forget_change{what.key}, concerns);
}

void store_tier::remove(const std::vector<cache_key>& removal_keys) {
    if (removal_keys.empty()) return;
    if (marked_.size() >= removal_bound) return overflow();
    put(remove_change{removal_keys}, removal_keys);
}

/// The disk has been broken for so long that nobody can remember any more what on it may still be used.
void store_tier::overflow() {
    if (barred_until_ == 0)
        spdlog::error("cache: {} removals wait for the disk; all answers on it will go once it works again",
                      removal_bound);
    clear(0);
}

/// What waits for the disk need not be done before that.
void store_tier::clear(std::uint64_t order) {
    marks_.clear();
    marked_.clear();
    barred_until_ = ++changes_;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& each : changes_waiting_) uncount(each);
        changes_waiting_.clear();
        changes_waiting_.emplace_back(clear_change{order});
        last_waiting_ = changes_;
    }
    to_write_.notify_one();
}

/// What is there under which key nobody knows, so the disk as a whole is left alone until it is done.
void store_tier::purge(purge_selection which, std::function<void(std::optional<std::uint64_t>)> then) {
    const auto order = changes_ + 1;
    purges_.push_back({order, which, std::move(then)});
    if (which.all()) return clear(order);
    drop_waiting(which);
    put(purge_change{std::move(which), order}, {});
    barred_until_ = order;
}

/// It need not come to the disk; what is there in its place goes as well.
void store_tier::drop_waiting(const purge_selection& which) {
    const std::lock_guard lock(mutex_);
    std::erase_if(changes_waiting_, [&](const change& each) {
        const auto* one = std::get_if<keep_change>(&each);
        if (one == nullptr || !which.has(one->what)) return false;
        uncount(each);
        return true;
    });
}

/// Under mutex_.
void store_tier::uncount(const change& what) {
    const auto* one = std::get_if<keep_change>(&what);
    if (one == nullptr) return;
    --keeps_waiting_;
    bytes_waiting_ -= one->what.body->size();
}

void store_tier::bars_raised() {
    {
        const std::lock_guard lock(mutex_);
        bars_raised_ = true;
    }
    to_write_.notify_one();
}

bool store_tier::read(const cache_key& key, std::function<void(bool)> then) {
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        const bool hangs = reading_since_ && now - *reading_since_ > read_limit;
        if (ring_ == nullptr || hangs || reads_waiting_.size() >= reading_bound) return false;
        reads_waiting_.emplace_back(++reads_, key);
    }
    to_read_.notify_one();
    auto& waiting = waiting_reads_[reads_];
    waiting.then = std::move(then);
    waiting.limit = std::make_unique<net::deadline>(desk_.wheel(), [this, number = reads_] {
        {
            const std::lock_guard lock(mutex_);
            ++totals_.late;
        }
        answer(number, false);
    });
    waiting.limit->set(now + read_limit);
    return true;
}

void store_tier::answer(std::uint64_t number, bool taken) {
    const auto waiting = waiting_reads_.extract(number);
    if (waiting) waiting.mapped().then(taken);
}

void store_tier::arrived(read_reply what) {
    if (!waiting_reads_.contains(what.number)) return;  // too late
    forget_old_marks();
    auto& found = what.found;
    const bool taken = found && !in_doubt(*found) && take_(std::move(found->what), restored_as::newest);
    {
        const std::lock_guard lock(mutex_);
        ++(taken ? totals_.found : totals_.missed);
    }
    answer(what.number, taken);
}

/// True while something newer may be on its way to the disk.
bool store_tier::in_doubt(const found_reply& one) const {
    const auto marked = [this](const cache_key& key) { return marks_.contains(key); };
    return barred_until_ != 0 || marked(one.what.key) || std::ranges::any_of(one.linked, marked);
}

void store_tier::page_arrived(vault_reader::part found, const store::reply_cursor& after, steady_time asked) {
    forget_old_marks();
    if (barred_until_ != 0 || asked < not_before_) return;
    std::optional<store::reply_cursor> next;
    if (std::chrono::steady_clock::now() - asked > mark_time / 2) {
        next = after;  // it took so long that marks may be forgotten already
    } else {
        bool room = true;
        for (auto& each : found.replies)
            if (!in_doubt(each)) room = take_(std::move(each.what), restored_as::oldest) && room;
        if (room && !found.last) next = found.next;
        given_all_ = room && found.last;
    }
    if (!next) return;
    {
        const std::lock_guard lock(mutex_);
        page_wanted_ = *next;
    }
    to_read_.notify_one();
}

void store_tier::applied(std::uint64_t last, applied_changes what) {
    const auto now = std::chrono::steady_clock::now();
    on_disk_.emplace_back(now, last);
    if (barred_until_ != 0 && last >= barred_until_) lift_bar(now);
    // What was to be purged when it was read is not taken.
    for (auto& each : what.newer_ones)
        if (std::ranges::none_of(purges_, [&](const auto& purge) { return purge.which.has(each); }))
            take_(std::move(each), restored_as::newest);
    forget_old_marks();
    finish_purges(last, what);
}

void store_tier::finish_purges(std::uint64_t last, const applied_changes& what) {
    while (!purges_.empty() && purges_.front().order <= last) {
        const waiting_purge done = std::move(purges_.front());
        purges_.pop_front();
        const auto found =
            std::ranges::find(what.purged, done.order, &std::pair<std::uint64_t, std::uint64_t>::first);
        done.then(found == what.purged.end() ? std::nullopt : std::optional(found->second));
    }
}

/// What was read before is not taken, so the memory is filled from the beginning again.
void store_tier::lift_bar(steady_time now) {
    barred_until_ = 0;
    not_before_ = now;
    given_all_ = false;
    for (auto& [number, waiting] : std::exchange(waiting_reads_, {})) waiting.then(false);
    {
        const std::lock_guard lock(mutex_);
        page_wanted_ = store::reply_cursor{};
    }
    to_read_.notify_one();
}

void store_tier::forget_old_marks() {
    const auto now = std::chrono::steady_clock::now();
    for (; !on_disk_.empty() && on_disk_.front().first + mark_time < now; on_disk_.pop_front()) {
        const auto last = on_disk_.front().second;
        for (; !marked_.empty() && marked_.front().first <= last; marked_.pop_front()) {
            const auto mark = marks_.find(marked_.front().second);
            if (mark != marks_.end() && mark->second <= last) marks_.erase(mark);
        }
    }
}

}  // namespace garde::cache
