// What dropped offers leave behind. One may have held news that makes its caller's older answers wrong, so
// what that caller had asked for up to then is not served any more. Callers share places by hash: a bar that
// was meant for another costs a miss.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/caller/identity.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace garde::cache {

/// What the callers of this place asked for up to then is barred.
struct caller_bar {
    std::size_t place = 0;
    wall_time until{};
};

/// Any thread, without locks.
class caller_bars {
  public:
    static constexpr std::size_t places = 4096;

    /// The same in every process: bars are kept on the disk.
    [[nodiscard]] static std::size_t place_of(const caller::identity& who);

    /// Of several the latest counts.
    void raise(caller_bar to);

    /// The epoch's begin where nothing was ever dropped.
    [[nodiscard]] wall_time until(std::size_t place) const;

  private:
    std::array<std::atomic<std::int64_t>, places> until_ns_{};
};

}  // namespace garde::cache
