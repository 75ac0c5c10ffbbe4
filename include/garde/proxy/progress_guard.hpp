// Ends bodies that drip. Pure. A body has a stock of patience, full at its beginning: time uses it up, bytes
// fill it at the least rate that is allowed. So a pause as long as the patience is forgiven, a body that
// keeps the rate lives as long as it likes, and one byte a second buys nothing worth having. The caller of
// this class only sets its timer to what `due` says; it ends the body when that passes.
#pragma once

#include "garde/base/clock.hpp"

#include <algorithm>
#include <cstddef>

namespace garde::proxy {

class progress_guard {
  public:
    /// `bytes_per_second` is at least 1; `patience` also is how long the first byte may take.
    progress_guard(std::size_t bytes_per_second, milliseconds patience, steady_time begun)
        : bytes_per_second_(bytes_per_second), patience_(patience), due_(begun + patience) {}

    /// So many more bytes came or went. Not later than `due`.
    void progress(std::size_t bytes, steady_time now) {
        // More than the patience cannot be earned: no need to multiply what might overflow.
        const std::size_t enough = bytes_per_second_ * static_cast<std::size_t>(patience_.count()) / 1000 + 1;
        const std::size_t earned =
            (std::min(bytes, enough) * 1'000'000 + bytes_per_second_ - 1) / bytes_per_second_;
        due_ = std::min(due_ + std::chrono::microseconds(earned), now + patience_);
    }

    /// When the body counts as too slow, if nothing more comes.
    [[nodiscard]] steady_time due() const { return due_; }
    [[nodiscard]] bool too_slow(steady_time now) const { return now >= due_; }

  private:
    std::size_t bytes_per_second_;
    milliseconds patience_;
    steady_time due_;
};

/// The patience of callers' bodies, both ways.
inline constexpr milliseconds body_patience{5'000};

}  // namespace garde::proxy
