// Who is ended for being slow, and who is not.
#include "garde/proxy/progress_guard.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace garde::proxy {
namespace {

using namespace std::chrono_literals;

constexpr steady_time begun{1000s};

/// How long a body lasts that brings `bytes` every `pause`, at most `limit`.
std::chrono::milliseconds life(std::size_t bytes, milliseconds pause, milliseconds limit) {
    progress_guard guard(1024, 5s, begun);
    for (auto now = begun + pause; now < begun + limit; now += pause) {
        if (guard.too_slow(now)) return std::chrono::duration_cast<milliseconds>(guard.due() - begun);
        guard.progress(bytes, now);
    }
    return limit;
}

TEST(progress_guard, nothing_at_all_ends_with_the_patience) {
    const progress_guard guard(1024, 5s, begun);
    EXPECT_EQ(guard.due(), begun + 5s);
    EXPECT_FALSE(guard.too_slow(begun + 5s - 1ns));
    EXPECT_TRUE(guard.too_slow(begun + 5s));
}

TEST(progress_guard, a_byte_a_second_ends_hardly_later) {
    EXPECT_LT(life(1, 1s, 1h), 5'010ms);
}

TEST(progress_guard, one_byte_just_before_each_deadline_buys_nothing) {
    EXPECT_LT(life(1, 1ms, 1h), 1h);
    EXPECT_LT(life(1, 4'999ms, 1h), 5'100ms);
}

TEST(progress_guard, who_keeps_the_rate_lives_on) {
    EXPECT_EQ(life(1024, 1s, 1h), 1h);
    EXPECT_EQ(life(4 * 1024, 4s, 1h), 1h);
}

TEST(progress_guard, half_the_rate_lives_twice_as_long_as_nothing) {
    const auto lived = life(512, 1s, 1h);
    EXPECT_GE(lived, 9s);
    EXPECT_LE(lived, 11s);
}

TEST(progress_guard, much_at_once_is_no_stock_for_later) {
    progress_guard guard(1024, 5s, begun);
    guard.progress(100 * 1024 * 1024, begun + 1s);
    EXPECT_EQ(guard.due(), begun + 6s);
}

TEST(progress_guard, numbers_at_their_ends_do_not_overflow) {
    progress_guard fast(std::numeric_limits<std::uint32_t>::max(), 5s, begun);
    fast.progress(std::numeric_limits<std::size_t>::max(), begun + 1s);
    EXPECT_EQ(fast.due(), begun + 6s);
    progress_guard slow(1, 5s, begun);
    slow.progress(std::numeric_limits<std::size_t>::max(), begun + 1s);
    EXPECT_EQ(slow.due(), begun + 6s);
}

}  // namespace
}  // namespace garde::proxy
