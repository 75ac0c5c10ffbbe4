// How long a backend usually takes, learned from its answers: a histogram that forgets. Pure.
#pragma once

#include "garde/base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace garde::continuity {

/// Counts by latency, in steps of a quarter octave from 1 ms on: step n begins at 2^(n/4) ms. The last one
/// has all that is above (about 55 s).
inline constexpr std::size_t latency_steps = 64;
using latency_counts = std::array<std::uint16_t, latency_steps>;

/// What one backend answered since the last report.
struct answers {
    std::uint64_t count = 0;
    latency_counts latencies{};  ///< and of what was given up because another backend was quicker
};

/// Which step a latency is in. Free of divisions and logarithms: for the path of an answer.
std::size_t latency_step(steady_time::duration took);
/// Where a step ends.
milliseconds step_end(std::size_t step);

class latency_profile {
  public:
    static constexpr std::uint64_t enough = 100;   ///< answers before it says anything
    static constexpr std::uint64_t memory = 4096;  ///< answers after which the older half weighs half

    void learn(const latency_counts& seen);
    /// What `percent` of the answers do not exceed; nothing before `enough` of them.
    [[nodiscard]] std::optional<milliseconds> quantile(int percent) const;

  private:
    std::array<std::uint64_t, latency_steps> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace garde::continuity
