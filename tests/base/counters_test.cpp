// Counters and histograms: every bound, and what a reader on another thread sees.
#include "garde/base/counters.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace garde {
namespace {

using namespace std::chrono_literals;

TEST(counter, counts) {
    counter one;
    EXPECT_EQ(one.value(), 0U);
    one.add();
    one.add(41);
    EXPECT_EQ(one.value(), 42U);
}

TEST(counter, a_reader_on_another_thread_never_sees_it_go_back) {
    constexpr std::uint64_t enough = 200'000;
    counter one;
    std::atomic<bool> back = false;
    std::jthread reader([&] {
        for (std::uint64_t last = 0; last < enough;) {
            const std::uint64_t now = one.value();
            if (now < last) back = true;
            last = now;
        }
    });
    for (std::uint64_t i = 0; i < enough; ++i) one.add();
    reader.join();
    EXPECT_FALSE(back);
    EXPECT_EQ(one.value(), enough);
}

TEST(duration_bounds, rise_by_at_most_three_times) {
    for (std::size_t i = 1; i < duration_bounds.size(); ++i) {
        EXPECT_LT(duration_bounds[i - 1], duration_bounds[i]);
        EXPECT_GE(duration_bounds[i - 1] * 3, duration_bounds[i]);
    }
}

/// The bucket as the definition says, without the short cut.
std::size_t slow_bucket(std::chrono::nanoseconds value) {
    std::size_t index = 0;
    while (index < duration_bounds.size() && duration_bounds[index] < value) ++index;
    return index;
}

TEST(duration_bucket, a_bound_belongs_to_its_bucket_and_a_nanosecond_more_to_the_next) {
    for (std::size_t i = 0; i < duration_bounds.size(); ++i) {
        EXPECT_EQ(duration_bucket(duration_bounds[i]), i);
        EXPECT_EQ(duration_bucket(duration_bounds[i] + 1ns), i + 1);
        EXPECT_EQ(duration_bucket(duration_bounds[i] - 1ns), i);
    }
}

TEST(duration_bucket, is_the_first_whose_bound_is_not_below) {
    for (std::chrono::nanoseconds value = 1ns; value < 200s; value += value / 50 + 1ns)
        ASSERT_EQ(duration_bucket(value), slow_bucket(value)) << value.count();
}

TEST(duration_bucket, of_nothing_of_less_and_of_the_longest_time) {
    EXPECT_EQ(duration_bucket(0ns), 0U);
    EXPECT_EQ(duration_bucket(-5s), 0U);
    EXPECT_EQ(duration_bucket(std::chrono::nanoseconds::max()), duration_buckets - 1);
}

TEST(duration_histogram, adds_up_over_threads) {
    duration_histogram a;
    duration_histogram b;
    a.record(400us);
    a.record(6ms);
    b.record(6ms);
    b.record(2min);
    histogram_values both;
    a.add_to(both);
    b.add_to(both);
    EXPECT_EQ(both.count(), 4U);
    EXPECT_EQ(both.counts[0], 1U);
    EXPECT_EQ(both.counts[duration_bucket(6ms)], 2U);
    EXPECT_EQ(both.counts.back(), 1U);
    EXPECT_EQ(both.sum, 2min + 12ms + 400us);
}

TEST(duration_histogram, a_duration_below_zero_adds_nothing_to_the_sum) {
    duration_histogram one;
    one.record(-1s);
    histogram_values read;
    one.add_to(read);
    EXPECT_EQ(read.count(), 1U);
    EXPECT_EQ(read.sum, 0ns);
}

}  // namespace
}  // namespace garde
