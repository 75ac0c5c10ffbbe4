// A place outside the log that checkpoints are pushed to, and how long that may take.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/journal/checkpoint.hpp"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>

namespace garde::journal {

struct signed_checkpoint {
    checkpoint what;
    std::string note;  ///< signed
    wall_time at{};    ///< when the log had grown to it
};

/// When what is under way must be over. Any thread.
class push_limit {
  public:
    explicit push_limit(steady_time at) { begin(at); }

    /// Another attempt, which has until then.
    void begin(steady_time until) { set(at_, until); }
    /// That attempt and all later ones have until then only.
    void end(steady_time until) { set(end_, until); }

    /// What is left; 0 when it is over.
    [[nodiscard]] milliseconds left() const {
        const steady_time at{steady_time::duration(
            std::min(at_.load(std::memory_order_relaxed), end_.load(std::memory_order_relaxed)))};
        const auto now = std::chrono::steady_clock::now();
        return at <= now ? milliseconds(0) : std::chrono::ceil<milliseconds>(at - now);
    }
    [[nodiscard]] bool over() const { return left().count() == 0; }

  private:
    using number = std::atomic<steady_time::rep>;
    static void set(number& one, steady_time to) {
        one.store(to.time_since_epoch().count(), std::memory_order_relaxed);
    }

    number at_{0};
    number end_{std::numeric_limits<steady_time::rep>::max()};
};

/// On one thread, which has nothing else to do.
class checkpoint_place {
  public:
    checkpoint_place() = default;
    checkpoint_place(const checkpoint_place&) = delete;
    checkpoint_place& operator=(const checkpoint_place&) = delete;
    virtual ~checkpoint_place() = default;

    /// Waits for the place, up to the limit; for a disk as long as it takes. The error says in words what
    /// failed.
    virtual result<void> push(const signed_checkpoint& what, const push_limit& until) = 0;
};

}  // namespace garde::journal
