// When the newest checkpoint goes to one place. Pure: the time and the dice are arguments.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/journal/record.hpp"

#include <cstdint>
#include <optional>

namespace garde::journal {

/// Only the latest is worth pushing: an earlier one that was not pushed yet is overtaken. So what waits is
/// one number, however long a place is down. One thread at a time.
class push_schedule {
  public:
    struct rules {
        milliseconds every{60'000};     ///< a usual growth is pushed at most so much later
        milliseconds first_pause{500};  ///< after the first failure; each further one doubles it
        milliseconds longest_pause{60'000};
    };

    explicit push_schedule(rules by) : rules_(by) {}

    /// From now on; what is due already stays due.
    void use(rules by) { rules_ = by; }

    void grown(steady_time now, urgency how);

    /// When to push next; nothing while there is nothing new.
    [[nodiscard]] std::optional<steady_time> due() const;
    /// Something was not pushed yet.
    [[nodiscard]] bool behind() const { return wanted_.has_value(); }

    /// The latest is being pushed; what grows from now on is another push.
    void begin() { wanted_.reset(); }
    /// How that went. `dice` is anything from 0 to 1, and spreads the pauses of those that failed together.
    void pushed();
    void failed(steady_time now, double dice);

    /// Since the first failure after which there was no success.
    [[nodiscard]] std::optional<steady_time> failing_since() const { return failing_since_; }

  private:
    rules rules_;
    std::optional<steady_time> wanted_;
    std::optional<steady_time> retry_;  ///< not before
    std::optional<steady_time> failing_since_;
    milliseconds pause_{};  ///< the last one, without jitter; 0 after a success
};

}  // namespace garde::journal
