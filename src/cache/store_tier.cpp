// See store_tier.hpp. The desk numbers its changes; the writer tells up to which number they are on the disk.
// A key is marked with the number of the last change that concerns it, and as long as it is marked, nothing
// is taken in from the disk for it.
#include "garde/cache/store_tier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace garde::cache {
namespace {

/// Replies are taken into memory in parts of this size.
constexpr std::size_t page_size = 128;
/// How long after a change is on the disk something that was read before may still arrive.
constexpr milliseconds mark_time = 4 * store_tier::read_limit;
/// How often what is over is looked for.
constexpr seconds tidy_interval{60};

}  // namespace

std::string_view to_text(tier_state value) {
    switch (value) {
        case tier_state::opening: return "opening";
        case tier_state::working: return "working";
        case tier_state::failing: return "failing";
    }
    std::unreachable();
}

store_tier::store_tier(net::event_loop& desk, vault_settings with, taking take)
    : desk_(desk),
      with_(std::move(with)),
      take_(std::move(take)),
      writer_thread_([this] { write(); }),
      reader_thread_([this] { read_on(); }) {}

store_tier::~store_tier() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    to_write_.notify_all();
    to_read_.notify_all();
    writer_thread_.join();
    reader_thread_.join();
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
    clear();
}

/// What waits for the disk need not be done before that.
void store_tier::clear() {
    marks_.clear();
    marked_.clear();
    barred_until_ = ++changes_;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& each : changes_waiting_) uncount(each);
        changes_waiting_.clear();
        changes_waiting_.emplace_back(clear_change{});
        last_waiting_ = changes_;
    }
    to_write_.notify_one();
}

/// Under mutex_.
void store_tier::uncount(const change& what) {
    const auto* one = std::get_if<keep_change>(&what);
    if (one == nullptr) return;
    --keeps_waiting_;
    bytes_waiting_ -= one->what.body->size();
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

void store_tier::arrived(std::uint64_t number, std::optional<found_reply> found) {
    if (!waiting_reads_.contains(number)) return;  // too late
    forget_old_marks();
    const bool taken = found && !in_doubt(*found) && take_(std::move(found->what), restored_as::newest);
    {
        const std::lock_guard lock(mutex_);
        ++(taken ? totals_.found : totals_.missed);
    }
    answer(number, taken);
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
    }
    if (!next) return;
    {
        const std::lock_guard lock(mutex_);
        page_wanted_ = *next;
    }
    to_read_.notify_one();
}

void store_tier::applied(std::uint64_t last, std::vector<kept_reply> newer_ones) {
    const auto now = std::chrono::steady_clock::now();
    on_disk_.emplace_back(now, last);
    if (barred_until_ != 0 && last >= barred_until_) {
        barred_until_ = 0;
        not_before_ = now;
        for (auto& [number, waiting] : std::exchange(waiting_reads_, {})) waiting.then(false);
    }
    for (auto& each : newer_ones) take_(std::move(each), restored_as::newest);
    forget_old_marks();
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

// --- on the writer's thread

void store_tier::write() {
    net::let_workers_go_first();
    batch waiting;
    steady_time tidied{};
    for (;;) {
        const bool done = work_off(waiting, tidied);
        std::unique_lock lock(mutex_);
        if (ending_ && (!done || changes_waiting_.empty())) return;
        if (!done) {
            to_write_.wait_for(lock, retry_time, [this] { return ending_; });
            continue;
        }
        to_write_.wait_for(lock, tidy_interval,
                           [this] { return ending_ || !changes_waiting_.empty() || damaged_ != 0; });
        // Others may come within the time that may be lost anyway.
        if (!changes_waiting_.empty())
            to_write_.wait_for(lock, batch_time,
                               [this] { return ending_ || changes_waiting_.size() >= waiting_bound / 2; });
        waiting = next_batch();
    }
}

/// True when everything is done that was to be done; else it is to be tried again.
bool store_tier::work_off(batch& waiting, steady_time& tidied) {
    if (put_aside()) tidied = {};
    if (!vault_ && !open_vault()) return false;
    if (!waiting.changes.empty() && !write_batch(waiting)) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now - tidied < tidy_interval) return true;
    if (auto done = vault_->tidy(wall_now(), clock_trusted_.load(std::memory_order_relaxed)); !done) {
        failed(done.error());
        return false;
    }
    tidied = now;
    works();
    return true;
}

/// Under mutex_.
store_tier::batch store_tier::next_batch() {
    return {std::exchange(changes_waiting_, {}), last_waiting_};
}

/// True when the file that was open has met damage: it is closed, to be set aside when it is opened again.
bool store_tier::put_aside() {
    {
        const std::lock_guard lock(mutex_);
        if (damaged_ == 0 || !vault_) return false;
        ring_ = nullptr;
    }
    vault_.reset();
    return true;
}

bool store_tier::open_vault() {
    auto opened = reply_vault::open(
        with_, boot_, wall_now(), damaged_ ? store::reply_file::known_damaged : store::reply_file::as_it_is);
    if (!opened) {
        failed(opened.error());
        return false;
    }
    vault_ = std::move(*opened);
    {
        const std::lock_guard lock(mutex_);
        damaged_ = 0;
        ring_ = vault_->ring();
        ++opened_;
    }
    works();
    to_read_.notify_one();
    return true;
}

bool store_tier::write_batch(batch& what) {
    auto newer_ones = vault_->apply(what.changes, wall_now());
    if (!newer_ones) {
        failed(newer_ones.error());
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        totals_.written += what.changes.size();
        for (const auto& each : what.changes) uncount(each);
        ring_ = vault_->ring();
    }
    desk_.post([this, last = what.last, newer = std::move(*newer_ones)]() mutable {
        applied(last, std::move(newer));
    });
    what = {};
    if (auto done = vault_->make_room(); !done) {
        failed(done.error());
        return false;
    }
    works();
    return true;
}

void store_tier::works() {
    const auto size = vault_->size();
    bool again = false;
    {
        const std::lock_guard lock(mutex_);
        again = std::exchange(totals_.state, tier_state::working) == tier_state::failing;
        if (size) totals_.entries = size->replies;
        if (size) totals_.bytes = size->bytes;
    }
    if (again) spdlog::warn("cache: {} works again", with_.file.string());
}

/// The memory goes on; an alarm is raised once.
void store_tier::failed(const error& why) {
    bool fresh = false;
    {
        const std::lock_guard lock(mutex_);
        ++totals_.errors;
        fresh = std::exchange(totals_.state, tier_state::failing) != tier_state::failing;
        if (vault_ && vault_->damaged()) damaged_ = opened_;
    }
    if (fresh) spdlog::error("cache: {}; answers are kept in memory only until it works", why.message);
}

// --- on the reader's thread

void store_tier::read_on() {
    net::let_workers_go_first();
    std::unique_lock lock(mutex_);
    for (;;) {
        reading_since_.reset();
        to_read_.wait(lock, [this] {
            return ending_ || (ring_ != nullptr && (!reads_waiting_.empty() || page_wanted_));
        });
        if (ending_) return;
        reading_since_ = std::chrono::steady_clock::now();
        if (!reads_waiting_.empty()) {
            const auto [number, key] = reads_waiting_.front();
            reads_waiting_.pop_front();
            lock.unlock();
            read_one(number, key);
        } else {
            const auto after = *std::exchange(page_wanted_, std::nullopt);
            lock.unlock();
            read_page(after);
        }
        note_unreadable();
        lock.lock();
    }
}

/// Of the file that is open now; false when it cannot be read.
bool store_tier::open_reader() {
    {
        const std::lock_guard lock(mutex_);
        if (reader_ && reader_of_ == opened_) return true;
        reader_of_ = opened_;
    }
    auto opened = vault_reader::open(with_.file, boot_);
    unreadable_seen_ = 0;
    reader_ = opened ? std::move(*opened) : nullptr;
    if (!reader_) read_failed();
    return reader_ != nullptr;
}

epoch_ring_ptr store_tier::ring() const {
    const std::lock_guard lock(mutex_);
    return ring_ != nullptr ? ring_ : std::make_shared<const epoch_ring>();
}

void store_tier::read_failed() {
    const bool damaged = reader_ && reader_->damaged();
    reader_.reset();
    {
        const std::lock_guard lock(mutex_);
        ++totals_.errors;
        // Not of a file that has been set aside meanwhile.
        if (damaged && reader_of_ == opened_) damaged_ = opened_;
    }
    if (damaged) to_write_.notify_one();
}

void store_tier::note_unreadable() {
    if (!reader_) return;
    const auto now = reader_->unreadable();
    const std::lock_guard lock(mutex_);
    totals_.unreadable += now - std::exchange(unreadable_seen_, now);
}

void store_tier::read_one(std::uint64_t number, const cache_key& key) {
    std::optional<found_reply> out;
    if (open_reader()) {
        if (auto found = reader_->find(*ring(), key))
            out = std::move(*found);
        else
            read_failed();
    }
    desk_.post([this, number, out = std::move(out)]() mutable { arrived(number, std::move(out)); });
}

void store_tier::read_page(const store::reply_cursor& after) {
    if (!open_reader()) return;
    const auto asked = std::chrono::steady_clock::now();
    auto found = reader_->page(*ring(), after, page_size);
    if (!found) return read_failed();
    desk_.post([this, after, asked, part = std::move(*found)]() mutable {
        page_arrived(std::move(part), after, asked);
    });
}

}  // namespace garde::cache
