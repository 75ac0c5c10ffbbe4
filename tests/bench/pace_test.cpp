// Due times and their inverse agree, for rates that divide a second and for those that do not.
#include "bench/common/pace.hpp"

#include <gtest/gtest.h>

namespace bench {
namespace {

using namespace std::chrono_literals;

TEST(pace, requests_are_evenly_spaced_without_drift) {
    const pace at(4000);
    EXPECT_EQ(at.due(0), 0ns);
    EXPECT_EQ(at.due(1), 250us);
    EXPECT_EQ(at.due(4000ULL * 3600), 1h);
    const pace thirds(3);
    EXPECT_EQ(thirds.due(1), 333'333'333ns);
    EXPECT_EQ(thirds.due(3ULL * 86'400), 24h);
}

TEST(pace, a_step_has_as_many_requests_as_its_rate_says) {
    EXPECT_EQ(pace(4000).due_before(3s), 12'000U);
    EXPECT_EQ(pace(7).due_before(1s), 7U);
    EXPECT_EQ(pace(1).due_before(1500ms), 2U);
    EXPECT_EQ(pace(1).due_before(0s), 0U);
    EXPECT_EQ(pace(1).due_before(-1s), 0U);
}

TEST(pace, the_last_request_before_a_time_is_due_before_it_and_the_next_is_not) {
    for (const std::uint64_t rate : {1ULL, 3ULL, 7ULL, 999ULL, 6'543ULL, 123'457ULL, 1'000'000'000ULL})
        for (const nanoseconds end :
             {1ns, 2ns, 333'333'333ns, 333'333'334ns, nanoseconds(1s), 1s + 1ns, nanoseconds(17s)}) {
            const pace at(rate);
            const auto count = at.due_before(end);
            ASSERT_GT(count, 0U) << rate << ' ' << end.count();
            EXPECT_LT(at.due(count - 1), end) << rate << ' ' << end.count();
            EXPECT_GE(at.due(count), end) << rate << ' ' << end.count();
        }
}

}  // namespace
}  // namespace bench
