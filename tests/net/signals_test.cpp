// Signals come to a loop like any other message.
#include "garde/net/signals.hpp"

#include "../support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <thread>
#include <unistd.h>
#include <vector>

namespace garde::net {
namespace {

constexpr std::array both{SIGUSR1, SIGUSR2};

TEST(signals, come_to_the_loops_thread_whoever_was_interrupted) {
    signals::block(both);
    event_loop loop;
    std::vector<int> seen;
    const auto taken = signals::take(loop, both, [&](int one) { seen.push_back(one); });
    ASSERT_TRUE(taken) << taken.error().message;
    std::jthread([] { ::pthread_kill(::pthread_self(), SIGUSR1); }).join();  // pending there, gone with it
    ::kill(::getpid(), SIGUSR2);
    test::run_until(loop, [&] { return !seen.empty(); });
    EXPECT_THAT(seen, testing::ElementsAre(SIGUSR2));
    ::kill(::getpid(), SIGUSR1);
    test::run_until(loop, [&] { return seen.size() == 2; });
    EXPECT_THAT(seen, testing::ElementsAre(SIGUSR2, SIGUSR1));
}

TEST(signals, nobody_is_told_once_it_is_gone) {
    signals::block(both);
    event_loop loop;
    int seen = 0;
    {
        const auto taken = signals::take(loop, both, [&](int) { ++seen; });
        ASSERT_TRUE(taken);
        test::settle(loop);
    }
    ::kill(::getpid(), SIGUSR1);
    test::settle(loop);
    EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace garde::net
