// How old a consult is, and whether that can be proven: pure. A cached answer is served for thirty days at
// most, so its age must not depend on a clock that somebody has set: the wall clock is held against the
// steady one, which nobody can set but which begins anew when the machine does.
#pragma once

#include "garde/base/clock.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::cache {

/// What the wall clock is worth.
enum class clock_trust : std::uint8_t {
    good,     ///< it goes with the steady clock, and is not behind what is kept
    behind,   ///< earlier than the newest consult that is kept: set back, or wrong since the start
    stepped,  ///< set by more than five minutes while garde ran
};

std::string_view to_text(clock_trust value);

/// When a consult was.
struct consult_time {
    wall_time wall{};
    /// By the steady clock of this boot of the machine; nothing when it was before.
    std::optional<steady_time> steady;
};

/// One thread.
class age_clock {
  public:
    /// By more than this, the wall clock was set and not merely corrected.
    static constexpr std::chrono::seconds step_limit{300};
    /// By so much the wall clock may be behind a consult: it is corrected a little now and then.
    static constexpr std::chrono::seconds tolerance{5};

    /// Both clocks, read at the same moment; moments may come out of order.
    void observe(wall_time now, steady_time now_steady);

    /// A consult of that time is kept.
    void know(const consult_time& kept);

    [[nodiscard]] clock_trust trust() const { return trust_; }

    /// The larger of the ages by both clocks. Negative when it cannot be proven: the wall clock is behind the
    /// consult, or there is only a wall clock that cannot be trusted. A consult before this boot is at least
    /// as old as the boot, which is where the steady clock began.
    [[nodiscard]] std::chrono::seconds age(const consult_time& of, wall_time now,
                                           steady_time now_steady) const;

  private:
    [[nodiscard]] bool behind(wall_time now, steady_time now_steady) const;

    clock_trust trust_ = clock_trust::good;
    /// Wall less steady, when they were last seen to go together.
    std::optional<std::chrono::nanoseconds> distance_;
    std::optional<consult_time> newest_;
};

}  // namespace garde::cache
