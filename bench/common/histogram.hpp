// A high dynamic range histogram: counts of durations in log-linear buckets, so that each is kept to within
// 1/2048 of its value from nanoseconds to minutes in fixed memory, and recording is a few instructions. Knows
// no clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

using std::chrono::nanoseconds;

class histogram {
  public:
    /// Longer durations are counted as this one; max() still tells the truth.
    static constexpr nanoseconds highest{(std::int64_t{1} << 38) - 1};  // 4.6 minutes

    histogram();

    /// A negative duration counts as zero.
    void record(nanoseconds value);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] nanoseconds max() const { return max_; }
    [[nodiscard]] nanoseconds mean() const;

    /// The smallest recorded value, to the histogram's precision and rounded up, that at least `part` (0 to
    /// 1) of all values do not exceed. Zero when nothing was recorded.
    [[nodiscard]] nanoseconds quantile(double part) const;

  private:
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    nanoseconds sum_{0};
    nanoseconds max_{0};
};

}  // namespace bench
