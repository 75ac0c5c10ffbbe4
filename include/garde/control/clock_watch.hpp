// Finds out when somebody sets the wall clock: held against the time since boot, which nobody can set and
// which goes on in suspension. Pure: both times are arguments.
#pragma once

#include "garde/base/clock.hpp"

#include <chrono>
#include <optional>

namespace garde::control {

/// Both clocks at the same moment.
struct clock_reading {
    wall_time wall{};
    std::chrono::nanoseconds since_boot{0};
};

class clock_watch {
  public:
    static constexpr std::chrono::seconds worth_telling{1};
    /// How fast a clock that is only being corrected may drift from the other: twice what the kernel's own
    /// correction does (500 ppm).
    static constexpr int drift_per_million = 1000;

    explicit clock_watch(const clock_reading& begun) : offset_(offset_of(begun)), looked_(begun.since_boot) {}

    /// By how much the wall clock was set since it was last told, when that is more than a second: forward is
    /// positive. Steps too small to be told add up; drift does not.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> look(const clock_reading& now);

  private:
    static std::chrono::nanoseconds offset_of(const clock_reading& at) {
        return at.wall.time_since_epoch() - at.since_boot;
    }

    std::chrono::nanoseconds offset_;  ///< of the wall clock, as it should be now
    std::chrono::nanoseconds looked_;
};

}  // namespace garde::control
