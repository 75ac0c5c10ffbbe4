// The histogram against sorted lists, and its promise of precision.
#include "bench/common/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

TEST(histogram, is_all_zero_at_first) {
    const histogram empty;
    EXPECT_EQ(empty.count(), 0U);
    EXPECT_EQ(empty.max(), 0ns);
    EXPECT_EQ(empty.mean(), 0ns);
    EXPECT_EQ(empty.quantile(0.5), 0ns);
}

TEST(histogram, small_values_are_exact) {
    histogram h;
    for (int value = 1; value <= 1000; ++value) h.record(nanoseconds(value));
    EXPECT_EQ(h.count(), 1000U);
    EXPECT_EQ(h.quantile(0), 1ns);
    EXPECT_EQ(h.quantile(0.5), 500ns);
    EXPECT_EQ(h.quantile(0.99), 990ns);
    EXPECT_EQ(h.quantile(0.999), 999ns);
    EXPECT_EQ(h.quantile(1), 1000ns);
    EXPECT_EQ(h.max(), 1000ns);
    EXPECT_EQ(h.mean(), 500ns);
}

TEST(histogram, one_value_is_every_quantile) {
    histogram h;
    h.record(3ms);
    for (const double part : {0.0, 0.5, 0.999, 1.0}) EXPECT_EQ(h.quantile(part), 3ms) << part;
}

/// Around each power of two, where buckets change their width.
TEST(histogram, every_value_is_kept_to_a_2048th) {
    for (int bit = 1; bit < 38; ++bit)
        for (const std::int64_t offset : {-1, 0, 1}) {
            const nanoseconds value((std::int64_t{1} << bit) + offset);
            histogram h;
            h.record(value);
            h.record(histogram::highest);  // so that max() does not hide the bucket's own end
            const auto kept = h.quantile(0.5);
            EXPECT_GE(kept, value);
            EXPECT_LE((kept - value).count(), value.count() / 2048) << value.count();
        }
}

TEST(histogram, agrees_with_a_sorted_list) {
    std::mt19937_64 random(7);  // NOLINT: the same values each time
    std::lognormal_distribution<double> latency(13, 2);
    histogram h;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 20'000; ++i) {
        all.push_back(std::llround(latency(random)));
        h.record(nanoseconds(all.back()));
    }
    std::ranges::sort(all);
    for (const double part : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        const auto exact = all[static_cast<std::size_t>(std::ceil(part * 20'000)) - 1];
        const auto kept = h.quantile(part).count();
        EXPECT_GE(kept, exact) << part;
        EXPECT_LE(kept, exact + exact / 2048) << part;
    }
}

TEST(histogram, what_is_out_of_range_is_counted_at_its_ends) {
    histogram h;
    h.record(-5ns);
    EXPECT_EQ(h.quantile(1), 0ns);
    h.record(1h);
    EXPECT_EQ(h.count(), 2U);
    EXPECT_EQ(h.max(), 1h);
    EXPECT_EQ(h.quantile(1), histogram::highest);
}

}  // namespace
}  // namespace bench
