// A queue between threads with a bound: what does not fit is refused, and the producer says what that means.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace garde {

/// Many producers, one consumer. push never waits.
template <class T>
class bounded_queue {
  public:
    explicit bounded_queue(std::size_t bound) : bound_(bound) {}

    /// False when the queue is full or closed; the item is then untouched.
    [[nodiscard]] bool push(T&& item) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_ || items_.size() >= bound_) return false;
            items_.push_back(std::move(item));
        }
        ready_.notify_one();
        return true;
    }

    /// Waits until there is something or the queue is closed; takes all of it. Empty only when closed and
    /// drained.
    std::vector<T> take_all() {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return closed_ || !items_.empty(); });
        std::vector<T> out(std::make_move_iterator(items_.begin()), std::make_move_iterator(items_.end()));
        items_.clear();
        return out;
    }

    /// The same, but waits no longer than `limit`: then it is empty. Nothing when closed and drained.
    std::optional<std::vector<T>> take_within(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        ready_.wait_for(lock, limit, [this] { return closed_ || !items_.empty(); });
        if (closed_ && items_.empty()) return std::nullopt;
        std::vector<T> out(std::make_move_iterator(items_.begin()), std::make_move_iterator(items_.end()));
        items_.clear();
        return out;
    }

    /// Shows each item that waits, the first one first. Nobody pushes or takes meanwhile: `what` must be
    /// quick.
    template <class Visit>
    void each_waiting(Visit what) {
        const std::lock_guard lock(mutex_);
        for (T& item : items_) what(item);
    }

    /// How many wait.
    [[nodiscard]] std::size_t size() {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }

    /// Pauses the consumer until the queue is closed, at most `limit`; items that come in do not end the
    /// pause. True when closed.
    [[nodiscard]] bool wait_closed(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex_);
        return ready_.wait_for(lock, limit, [this] { return closed_; });
    }

    /// Refuses further items; the consumer still gets those inside.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        ready_.notify_all();
    }

  private:
    const std::size_t bound_;
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace garde
