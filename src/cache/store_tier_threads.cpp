// The threads behind store_tier.hpp: what they do with the disk.
#include "garde/cache/store_tier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace garde::cache {
namespace {

/// Replies are taken into memory in parts of this size: whoever asks for one meanwhile waits for a part at
/// most.
constexpr std::size_t page_size = 32;
/// How often what is over is looked for.
constexpr seconds tidy_interval{60};

}  // namespace

// --- on the writer's thread

void store_tier::write() {
    net::let_workers_go_first();
    batch waiting;
    steady_time tidied{};
    const auto something_waits = [this] { return !changes_waiting_.empty() || bars_raised_; };
    for (;;) {
        const bool done = work_off(waiting, tidied);
        std::unique_lock lock(mutex_);
        if (ending_ && (!done || !something_waits())) return;
        if (!done) {
            to_write_.wait_for(lock, retry_time, [this] { return ending_; });
            continue;
        }
        to_write_.wait_for(lock, tidy_interval,
                           [&] { return ending_ || something_waits() || damaged_ != 0; });
        // Others may come within the time that may be lost anyway.
        if (something_waits())
            to_write_.wait_for(lock, batch_time,
                               [this] { return ending_ || changes_waiting_.size() >= waiting_bound / 2; });
        waiting = next_batch();
    }
}

/// True when everything is done that was to be done; else it is to be tried again.
bool store_tier::work_off(batch& waiting, steady_time& tidied) {
    if (put_aside()) tidied = {};
    if (!vault_ && !open_vault()) return false;
    add_bars(waiting);
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

/// Those that are on the disk are raised, too.
bool store_tier::read_bars() {
    const auto known = vault_->bars();
    if (!known) {
        failed(known.error());
        vault_.reset();
        return false;
    }
    barred_on_disk_.assign(caller_bars::places, wall_time{});
    for (const auto& each : *known) {
        bars_.raise(each);
        auto& there = barred_on_disk_[each.place];
        there = std::max(there, each.until);
    }
    return true;
}

/// Those that are not on the disk; behind what waits, so that they hold for it.
void store_tier::add_bars(batch& to) {
    std::erase_if(to.changes, [](const change& each) { return std::holds_alternative<bar_change>(each); });
    // Whatever clears the disk clears them, too.
    if (std::ranges::any_of(to.changes,
                            [](const change& each) { return std::holds_alternative<clear_change>(each); }))
        barred_on_disk_.assign(caller_bars::places, wall_time{});
    for (std::size_t place = 0; place < caller_bars::places; ++place)
        if (const auto until = bars_.until(place); until > barred_on_disk_[place])
            to.changes.emplace_back(bar_change{{place, until}});
}

/// Under mutex_.
store_tier::batch store_tier::next_batch() {
    bars_raised_ = false;
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
    auto file = store::reply_file::as_it_is;
    {
        const std::lock_guard lock(mutex_);
        if (damaged_ != 0) file = store::reply_file::known_damaged;
    }
    auto opened = reply_vault::open(with_, boot_, wall_now(), file);
    if (!opened) {
        failed(opened.error());
        return false;
    }
    vault_ = std::move(*opened);
    if (!read_bars()) return false;
    {
        const std::lock_guard lock(mutex_);
        damaged_ = 0;
        ring_ = vault_->ring();
        ++opened_;
        // It is at the file that was here before.
        if (checking_ != nullptr) checking_->interrupt_check();
    }
    // Counting what is there takes a while where there is much, and nobody waits for it.
    to_read_.notify_one();
    to_check_.notify_one();
    works();
    return true;
}

bool store_tier::write_batch(batch& what) {
    auto done = vault_->apply(what.changes, wall_now());
    if (!done) {
        failed(done.error());
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        totals_.written += what.changes.size();
        for (const auto& each : what.changes) uncount(each);
        ring_ = vault_->ring();
    }
    for (const auto& each : what.changes)
        if (const auto* one = std::get_if<bar_change>(&each))
            barred_on_disk_[one->bar.place] = one->bar.until;
    desk_.post(
        [this, last = what.last, became = std::move(*done)]() mutable { applied(last, std::move(became)); });
    what = {};
    if (auto fits = vault_->make_room(); !fits) {
        failed(fits.error());
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
        if (!reads_waiting_.empty()) {
            read_some(lock);
        } else {
            reading_since_ = std::chrono::steady_clock::now();
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

/// What waits and comes meanwhile, up to a bound, then tells the desk of all of it. Leaves the lock given
/// back.
void store_tier::read_some(std::unique_lock<std::mutex>& lock) {
    std::vector<read_reply> out;
    const auto begun = std::chrono::steady_clock::now();
    reading_since_ = begun;
    do {
        const auto [number, key] = reads_waiting_.front();
        reads_waiting_.pop_front();
        lock.unlock();
        if (out.empty() && open_reader() && !reader_->begin_reading()) read_failed();
        out.push_back({.number = number, .found = read_one(key)});
        lock.lock();
        reading_since_ = std::chrono::steady_clock::now();
    } while (!ending_ && !reads_waiting_.empty() && out.size() < reads_together &&
             *reading_since_ < begun + reading_time);
    lock.unlock();
    if (reader_) reader_->end_reading();
    desk_.post([this, out = std::move(out)]() mutable {
        for (auto& each : out) arrived(std::move(each));
    });
}

std::optional<found_reply> store_tier::read_one(const cache_key& key) {
    if (!reader_) return std::nullopt;
    auto found = reader_->find(*ring(), key);
    if (!found) {
        read_failed();
        return std::nullopt;
    }
    return *std::move(found);
}

void store_tier::read_page(const store::reply_cursor& after) {
    if (!open_reader()) return;
    const auto asked = std::chrono::steady_clock::now();
    if (!reader_->begin_reading()) return read_failed();
    auto found = reader_->page(*ring(), after, page_size);
    if (!found) return read_failed();
    reader_->end_reading();
    desk_.post([this, after, asked, part = std::move(*found)]() mutable {
        page_arrived(std::move(part), after, asked);
    });
}

// --- on the checker's thread

/// Once for each time that the file was opened.
void store_tier::check_on() {
    net::let_workers_go_first();
    std::uint64_t checked = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
        to_check_.wait(lock, [&] { return ending_ || (ring_ != nullptr && checked != opened_); });
        if (ending_) return;
        checked = opened_;
        lock.unlock();
        const bool damaged = check_file(checked);
        lock.lock();
        if (!damaged || opened_ != checked) continue;
        ++totals_.errors;
        damaged_ = opened_;
        to_write_.notify_one();
    }
}

/// True when it is damaged. Ends early when the tier ends.
bool store_tier::check_file(std::uint64_t opening) {
    auto reader = vault_reader::open(with_.file, boot_);
    if (!reader) return false;
    const auto checking = [this](vault_reader* one) {
        const std::lock_guard lock(mutex_);
        checking_ = one;
    };
    checking(reader->get());
    std::ignore = (*reader)->check([this, opening] {
        const std::lock_guard lock(mutex_);
        return ending_ || opened_ != opening;
    });
    checking(nullptr);
    checked_.notify_one();
    return (*reader)->damaged();
}

}  // namespace garde::cache
