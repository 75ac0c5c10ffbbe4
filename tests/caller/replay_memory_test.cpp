// What the memory of messages says, and when it forgets.
#include "../../src/caller/replay_memory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace garde::caller {
namespace {

using namespace std::chrono_literals;
using answer = replay_memory::answer;

constexpr wall_time start = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2};

digest256 message(int number) {
    return sha256(std::to_string(number));
}

TEST(replay_memory, knows_a_message_until_its_end) {
    replay_memory memory(10);
    EXPECT_EQ(memory.remember(message(1), start + 10s, start), answer::fresh);
    EXPECT_EQ(memory.remember(message(1), start + 10s, start + 10s), answer::seen);
    EXPECT_EQ(memory.size(), 1U);
    EXPECT_EQ(memory.remember(message(2), start + 20s, start + 10s + 1ns), answer::fresh);
    EXPECT_EQ(memory.size(), 1U);
}

TEST(replay_memory, what_was_forgotten_is_past_and_not_fresh) {
    replay_memory memory(10);
    memory.remember(message(1), start + 10s, start);
    memory.remember(message(2), start + 30s, start + 11s);
    EXPECT_EQ(memory.remember(message(1), start + 10s, start), answer::past);
    EXPECT_EQ(memory.remember(message(3), start + 10s + 1ns, start), answer::fresh);
}

TEST(replay_memory, when_full_it_takes_no_more_and_forgets_nothing) {
    replay_memory memory(3);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(memory.remember(message(i), start + 10s, start), answer::fresh);
    EXPECT_EQ(memory.remember(message(3), start + 10s, start), answer::full);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(memory.remember(message(i), start + 10s, start), answer::seen);
    EXPECT_EQ(memory.size(), 3U);
    EXPECT_EQ(memory.remember(message(3), start + 20s, start + 11s), answer::fresh);
    EXPECT_EQ(memory.size(), 1U);
}

TEST(replay_memory, entries_leave_by_their_end_whatever_the_order_they_came_in) {
    replay_memory memory(100);
    for (int i = 0; i < 100; ++i)
        memory.remember(message(i), start + std::chrono::seconds{(i * 37) % 100}, start);
    EXPECT_EQ(memory.size(), 100U);
    memory.remember(message(100), start + 200s, start + 50s);
    EXPECT_EQ(memory.size(), 51U);  // ends 50 to 99, and the new one
}

}  // namespace
}  // namespace garde::caller
