// See latency_profile.hpp.
#include "garde/continuity/latency_profile.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace garde::continuity {
namespace {

/// Where each step ends, in microseconds.
const std::array<std::uint64_t, latency_steps>& ends() {
    static const auto table = [] {
        std::array<std::uint64_t, latency_steps> out{};
        for (std::size_t n = 0; n < latency_steps; ++n)
            out[n] =
                static_cast<std::uint64_t>(std::lround(1000.0 * std::exp2(static_cast<double>(n + 1) / 4)));
        return out;
    }();
    return table;
}

}  // namespace

std::size_t latency_step(steady_time::duration took) {
    const auto us = static_cast<std::uint64_t>(
        std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0));
    const auto& table = ends();
    // The octave by the highest bit of the milliseconds, then at most four comparisons.
    const std::uint64_t ms = us / 1024;
    std::size_t step = ms == 0 ? 0 : (static_cast<std::size_t>(std::bit_width(ms)) - 1) * 4;
    step = std::min(step, latency_steps - 1);
    while (step + 1 < latency_steps && us >= table[step]) ++step;
    return step;
}

milliseconds step_end(std::size_t step) {
    return milliseconds(static_cast<milliseconds::rep>(ends()[step] / 1000));
}

void latency_profile::learn(const latency_counts& seen) {
    for (std::size_t n = 0; n < latency_steps; ++n) {
        counts_[n] += seen[n];
        total_ += seen[n];
    }
    while (total_ > memory) {
        total_ = 0;
        for (auto& one : counts_) total_ += one /= 2;
    }
}

std::optional<milliseconds> latency_profile::quantile(int percent) const {
    if (total_ < enough) return std::nullopt;
    const std::uint64_t wanted = (total_ * static_cast<std::uint64_t>(percent) + 99) / 100;
    std::uint64_t so_far = 0;
    for (std::size_t n = 0; n < latency_steps; ++n) {
        so_far += counts_[n];
        if (so_far >= wanted) return step_end(n);
    }
    return step_end(latency_steps - 1);
}

}  // namespace garde::continuity
