// The bound on buffered bytes: who gets room, who does not, and that all comes back.
#include "garde/proxy/byte_budget.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <thread>

namespace garde::proxy {
namespace {

TEST(byte_budget, new_requests_are_turned_away_at_three_quarters) {
    byte_budget budget(1000);
    auto first = budget.admit(700);
    ASSERT_TRUE(first);
    EXPECT_FALSE(budget.admit(51));
    auto second = budget.admit(50);
    ASSERT_TRUE(second);
    EXPECT_FALSE(budget.admit(1));
    EXPECT_EQ(budget.used(), 750U);
}

TEST(byte_budget, what_runs_may_have_the_rest) {
    byte_budget budget(1000);
    auto running = budget.admit(700);
    ASSERT_TRUE(running);
    EXPECT_TRUE(running->reach(1000));
    EXPECT_FALSE(running->reach(1001));
    EXPECT_EQ(running->bytes(), 1000U);
    EXPECT_FALSE(budget.admit(0)) << "over three quarters, even a request without a body";
}

TEST(byte_budget, reaching_less_changes_nothing_and_shrinking_gives_back) {
    byte_budget budget(1000);
    auto running = budget.admit(500);
    ASSERT_TRUE(running);
    EXPECT_TRUE(running->reach(100));
    EXPECT_EQ(budget.used(), 500U);
    running->shrink_to(600);
    EXPECT_EQ(budget.used(), 500U);
    running->shrink_to(100);
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_EQ(running->bytes(), 100U);
}

TEST(byte_budget, an_ended_claim_gives_all_back_once) {
    byte_budget budget(1000);
    {
        auto one = budget.admit(100);
        ASSERT_TRUE(one);
        ASSERT_TRUE(one->reach(300));
        const byte_claim moved = std::move(*one);
        EXPECT_EQ(budget.used(), 300U);
    }
    EXPECT_EQ(budget.used(), 0U);
    byte_claim other;
    {
        auto one = budget.admit(100);
        other = std::move(*one);
    }
    EXPECT_EQ(budget.used(), 100U);
    other = byte_claim();
    EXPECT_EQ(budget.used(), 0U);
}

TEST(byte_budget, a_claim_of_nothing_cannot_grow) {
    byte_claim none;
    EXPECT_TRUE(none.reach(0));
    EXPECT_FALSE(none.reach(1));
}

TEST(byte_budget, sizes_at_their_end_do_not_overflow) {
    byte_budget budget(1000);
    auto one = budget.admit(10);
    ASSERT_TRUE(one);
    EXPECT_FALSE(budget.admit(std::numeric_limits<std::size_t>::max()));
    EXPECT_FALSE(one->reach(std::numeric_limits<std::size_t>::max()));
    EXPECT_EQ(budget.used(), 10U);
}

TEST(byte_budget, threads_together_never_exceed_it) {
    constexpr std::size_t bound = 1000;
    byte_budget budget(bound);
    std::array<bool, 4> exceeded{};
    {
        std::array<std::jthread, 4> threads;
        for (std::size_t i = 0; i < threads.size(); ++i)
            threads[i] = std::jthread([&budget, &over = exceeded[i]] {
                for (int n = 0; n < 20'000; ++n) {
                    auto claim = budget.admit(200);
                    if (claim && claim->reach(400)) claim->shrink_to(300);
                    over = over || budget.used() > bound;
                }
            });
    }
    EXPECT_EQ(exceeded, (std::array<bool, 4>{}));
    EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace garde::proxy
