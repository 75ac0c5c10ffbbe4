// What dropped offers leave behind, by caller.
#include "garde/cache/caller_bars.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;

const wall_time nine = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;

TEST(caller_bars, nothing_is_barred_at_first) {
    const caller_bars bars;
    for (std::size_t place = 0; place < caller_bars::places; ++place)
        ASSERT_EQ(bars.until(place), wall_time{}) << place;
}

TEST(caller_bars, of_several_the_latest_counts_and_other_places_are_free) {
    caller_bars bars;
    bars.raise({.place = 7, .until = nine + 1s});
    bars.raise({.place = 7, .until = nine});
    EXPECT_EQ(bars.until(7), nine + 1s);
    EXPECT_EQ(bars.until(6), wall_time{});
    EXPECT_EQ(bars.until(8), wall_time{});
}

/// Bars are on the disk: another value here, and a new garde does not find those of the old one.
TEST(caller_bars, a_callers_place_is_the_same_in_every_garde) {
    EXPECT_EQ(caller_bars::place_of({}), 215U);
    EXPECT_EQ(caller_bars::place_of({"CN=Example CA", "CN=Example Pharmacy One", {}}), 2466U);
    EXPECT_EQ(caller_bars::place_of({"CN=Example CA", "CN=Example Pharmacy Two", {}}), 10U);
}

TEST(caller_bars, several_threads_raise_at_the_same_time) {
    caller_bars bars;
    {
        std::vector<std::jthread> raising;
        for (int thread = 0; thread < 4; ++thread)
            raising.emplace_back([&bars, thread] {
                for (int i = 0; i < 10'000; ++i)
                    bars.raise({.place = 7, .until = nine + i * 4ns + thread * 1ns});
            });
    }
    EXPECT_EQ(bars.until(7), nine + 9'999 * 4ns + 3ns);
}

}  // namespace
}  // namespace garde::cache
