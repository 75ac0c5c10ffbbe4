// Counters and duration histograms that one thread writes and any thread reads. A write is a load, an add and
// a store of the writer's own line: no lock prefix, no contention. Readers may see values that are a moment
// old, never torn ones, and never one that goes back.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace garde {

/// The size that keeps what two threads write on lines of their own.
inline constexpr std::size_t cache_line_bytes = 64;

/// Only grows. `add` on one thread; `value` on any.
class counter {
  public:
    void add(std::uint64_t count = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// The upper ends (inclusive) of the buckets of every duration histogram; one more bucket takes what is
/// longer. Steps of at most 3 times, finer where answers of a healthy service lie.
inline constexpr std::array<std::chrono::microseconds, 24> duration_bounds = [] {
    using std::chrono::microseconds;
    return std::array{microseconds{500},        microseconds{1'000},      microseconds{2'000},
                      microseconds{3'000},      microseconds{5'000},      microseconds{7'000},
                      microseconds{10'000},     microseconds{15'000},     microseconds{20'000},
                      microseconds{30'000},     microseconds{50'000},     microseconds{70'000},
                      microseconds{100'000},    microseconds{150'000},    microseconds{200'000},
                      microseconds{300'000},    microseconds{500'000},    microseconds{1'000'000},
                      microseconds{2'000'000},  microseconds{3'000'000},  microseconds{5'000'000},
                      microseconds{10'000'000}, microseconds{20'000'000}, microseconds{60'000'000}};
}();
inline constexpr std::size_t duration_buckets = duration_bounds.size() + 1;

/// The bucket of a duration: the first whose bound is not below it. A few comparisons, independent of the
/// duration's size.
constexpr std::size_t duration_bucket(std::chrono::nanoseconds value) noexcept {
    constexpr auto octaves = 64;
    // Where the search begins, by the number of bits of the whole microseconds.
    constexpr auto first = [] {
        std::array<std::uint8_t, octaves + 1> out{};
        for (int bits = 0; bits <= octaves; ++bits) {
            const std::uint64_t least = bits == 0 ? 0 : std::uint64_t{1} << (bits - 1);
            std::uint8_t index = 0;
            while (index < duration_bounds.size() &&
                   static_cast<std::uint64_t>(duration_bounds[index].count()) < least)
                ++index;
            out[static_cast<std::size_t>(bits)] = index;
        }
        return out;
    }();
    if (value.count() <= 0) return 0;
    const auto whole = static_cast<std::uint64_t>(value.count()) / 1'000;
    std::size_t index = first[static_cast<std::size_t>(std::bit_width(whole))];
    while (index < duration_bounds.size() && duration_bounds[index] < value) ++index;
    return index;
}

/// A histogram's values at one moment, of one thread or of several together.
struct histogram_values {
    std::array<std::uint64_t, duration_buckets> counts{};  ///< of each bucket alone
    std::chrono::nanoseconds sum{};

    [[nodiscard]] std::uint64_t count() const {
        std::uint64_t out = 0;
        for (const auto each : counts) out += each;
        return out;
    }
};

/// `record` on one thread; `add_to` on any.
class duration_histogram {
  public:
    void record(std::chrono::nanoseconds value) noexcept {
        counts_[duration_bucket(value)].add();
        sum_ns_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.count())));
    }
    void add_to(histogram_values& into) const {
        for (std::size_t i = 0; i < counts_.size(); ++i) into.counts[i] += counts_[i].value();
        into.sum += std::chrono::nanoseconds(sum_ns_.value());
    }

  private:
    std::array<counter, duration_buckets> counts_;
    counter sum_ns_;
};

}  // namespace garde
