// What the tests of checkpoints share: a key, heads, and ways to wait for what other threads do.
#pragma once

#include "garde/journal/checkpoint.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace garde::journal::testing_support {

inline constexpr std::chrono::seconds patience{20};

/// The same key in all tests of a program.
inline const secret_string& key_pem() {
    static const secret_string one = *make_note_key();
    return one;
}

inline note_signer signer() {
    return *note_signer::load(key_pem(), "garde-1/journal");
}

inline tree_head head_of(std::uint64_t size) {
    tree_head out{.size = size, .root = {}};
    out.root[0] = static_cast<std::uint8_t>(size);
    return out;
}

/// What came, to be waited for.
template <class T>
class arrivals {
  public:
    void add(T one) {
        {
            const std::lock_guard lock(mutex_);
            all_.push_back(std::move(one));
        }
        changed_.notify_all();
    }
    /// All that came, once that many have; a test failure when they do not.
    std::vector<T> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return all_.size() >= count; }))
            ADD_FAILURE() << "only " << all_.size() << " of " << count << " came";
        return all_;
    }
    [[nodiscard]] std::size_t count() {
        const std::lock_guard lock(mutex_);
        return all_.size();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> all_;
};

/// A gate that pushes wait at.
class gate {
  public:
    void open() {
        {
            const std::lock_guard lock(mutex_);
            open_ = true;
        }
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, patience, [this] { return open_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

/// Until it is so; a test failure when it does not come to that. For what no event tells.
inline void wait_until(const std::function<bool()>& good) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!good()) {
        if (std::chrono::steady_clock::now() > until) {
            ADD_FAILURE() << "it did not come to that";
            return;
        }
        std::this_thread::yield();
    }
}

}  // namespace garde::journal::testing_support
