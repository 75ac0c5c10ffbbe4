// See histogram.hpp.
#include "bench/common/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {
namespace {

/// Values below 2^linear_bits have a bucket each; each further power of two has half as many, each twice as
/// wide.
constexpr unsigned linear_bits = 12;
constexpr std::uint64_t half = std::uint64_t{1} << (linear_bits - 1);

std::size_t bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= linear_bits) return value;
    const unsigned shift = width - linear_bits;
    return shift * half + (value >> shift);
}

/// The highest value that falls into the bucket.
std::uint64_t top_of(std::size_t bucket) {
    if (bucket < 2 * half) return bucket;
    const std::uint64_t shift = bucket / half - 1;
    const std::uint64_t lead = bucket - shift * half;
    return ((lead + 1) << shift) - 1;
}

}  // namespace

histogram::histogram() : counts_(bucket_of(highest.count()) + 1) {}

void histogram::record(nanoseconds value) {
    value = std::max(value, nanoseconds(0));
    max_ = std::max(max_, value);
    sum_ += value;
    ++count_;
    ++counts_[bucket_of(static_cast<std::uint64_t>(std::min(value, highest).count()))];
}

nanoseconds histogram::mean() const {
    return count_ == 0 ? nanoseconds(0) : sum_ / static_cast<std::int64_t>(count_);
}

nanoseconds histogram::quantile(double part) const {
    if (count_ == 0) return nanoseconds(0);
    const auto wanted =
        static_cast<std::uint64_t>(std::ceil(std::clamp(part, 0.0, 1.0) * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        seen += counts_[bucket];
        if (seen > 0 && seen >= wanted)
            return std::min(max_, nanoseconds(static_cast<std::int64_t>(top_of(bucket))));
    }
    return max_;
}

}  // namespace bench
