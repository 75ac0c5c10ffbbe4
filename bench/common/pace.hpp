// The arithmetic of open-loop load: when each request is due, whatever became of those before it. Knows no
// clock: times count from the start of the run.
#pragma once

#include <chrono>
#include <cstdint>

namespace bench {

using std::chrono::nanoseconds;

class pace {
  public:
    /// `per_second` must be positive.
    explicit pace(std::uint64_t per_second) : per_second_(per_second) {}

    /// When request number `index`, from 0, has to leave.
    [[nodiscard]] nanoseconds due(std::uint64_t index) const {
        return nanoseconds(static_cast<std::int64_t>(index * ns_per_second / per_second_));
    }

    /// How many requests are due before `end`: those with due(index) < end.
    [[nodiscard]] std::uint64_t due_before(nanoseconds end) const {
        if (end <= nanoseconds(0)) return 0;
        // due(index) < end  ⇔  index * 1e9 < end * rate, as due() rounds down.
        const auto scaled = static_cast<std::uint64_t>(end.count()) * per_second_;
        return (scaled + ns_per_second - 1) / ns_per_second;
    }

  private:
    static constexpr std::uint64_t ns_per_second = 1'000'000'000;
    std::uint64_t per_second_;
};

}  // namespace bench
