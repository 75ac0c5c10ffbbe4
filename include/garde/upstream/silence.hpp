// Whether a backend has fallen silent: requests wait for its answer, and for longer than it usually takes
// nothing has come from it. Then connections that were kept say nothing about it: each may take a whole
// time-out to show that nobody is there. A new one shows it at once. Pure.
#pragma once

#include "garde/base/clock.hpp"

#include <algorithm>
#include <cstddef>

namespace garde::upstream {

class silence {
  public:
    /// Nobody is silent before so long has passed, however quick it usually is.
    static constexpr milliseconds least{100};

    /// A request waits for its answer from now on.
    void begin(steady_time now) {
        if (waiting_++ == 0) since_ = now;
    }
    /// It waits no longer, and had no answer.
    void end() { --waiting_; }
    /// It waits no longer: its answer has come, after so long.
    void answered(steady_time now, steady_time::duration after) {
        --waiting_;
        since_ = now;
        usual_ += (after - usual_) / smoothing;
    }

    [[nodiscard]] bool lasts(steady_time now) const {
        return waiting_ > 0 && now - since_ > std::max<steady_time::duration>(least, 2 * usual_);
    }

  private:
    static constexpr int smoothing = 8;  ///< so many answers make a usual time

    std::size_t waiting_ = 0;
    steady_time since_{};  ///< the latest answer, or when the first of those that wait began to
    steady_time::duration usual_{};
};

}  // namespace garde::upstream
