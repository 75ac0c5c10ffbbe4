// The bound, the order, the end, and the consumer's pause.
#include "garde/base/bounded_queue.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <thread>

namespace garde {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(bounded_queue, gives_all_items_in_order) {
    bounded_queue<int> queue(10);
    EXPECT_TRUE(queue.push(1));
    EXPECT_TRUE(queue.push(2));
    EXPECT_THAT(queue.take_all(), ElementsAre(1, 2));
}

TEST(bounded_queue, refuses_what_is_beyond_its_bound_and_leaves_it_untouched) {
    bounded_queue<std::unique_ptr<int>> queue(1);
    EXPECT_TRUE(queue.push(std::make_unique<int>(1)));
    auto second = std::make_unique<int>(2);
    EXPECT_FALSE(queue.push(std::move(second)));
    ASSERT_NE(second, nullptr);  // NOLINT(bugprone-use-after-move): that is the question
    EXPECT_EQ(*second, 2);       // NOLINT(bugprone-use-after-move)
}

TEST(bounded_queue, has_room_again_once_taken_from) {
    bounded_queue<int> queue(1);
    EXPECT_TRUE(queue.push(1));
    EXPECT_FALSE(queue.push(2));
    EXPECT_THAT(queue.take_all(), ElementsAre(1));
    EXPECT_TRUE(queue.push(3));
}

TEST(bounded_queue, gives_what_it_holds_after_closing_then_nothing) {
    bounded_queue<std::string> queue(10);
    EXPECT_TRUE(queue.push("last"));
    queue.close();
    EXPECT_FALSE(queue.push("too late"));
    EXPECT_THAT(queue.take_all(), ElementsAre("last"));
    EXPECT_THAT(queue.take_all(), IsEmpty());
}

TEST(bounded_queue, closing_ends_the_wait_for_items) {
    bounded_queue<int> queue(10);
    std::thread consumer([&] { EXPECT_THAT(queue.take_all(), IsEmpty()); });
    queue.close();
    consumer.join();
}

TEST(bounded_queue, a_wait_with_a_limit_ends_with_items_or_time_or_closing) {
    bounded_queue<int> queue(10);
    EXPECT_EQ(queue.take_within(std::chrono::milliseconds{1}), std::vector<int>{});
    EXPECT_TRUE(queue.push(1));
    EXPECT_EQ(queue.size(), 1U);
    queue.close();
    EXPECT_EQ(queue.take_within(std::chrono::hours{1}), std::vector<int>{1});
    EXPECT_EQ(queue.take_within(std::chrono::hours{1}), std::nullopt);
}

TEST(bounded_queue, loses_and_doubles_nothing_between_threads) {
    bounded_queue<int> queue(1'000'000);
    constexpr int producers = 4;
    constexpr int items_each = 5'000;
    std::vector<std::thread> threads;
    threads.reserve(producers);
    for (int p = 0; p < producers; ++p)
        threads.emplace_back([&queue, p] {
            for (int i = 0; i < items_each; ++i) EXPECT_TRUE(queue.push(p * items_each + i));
        });
    std::vector<int> last(producers, -1);
    int count = 0;
    while (count < producers * items_each) {
        for (const int item : queue.take_all()) {
            auto& before = last[static_cast<std::size_t>(item / items_each)];
            EXPECT_GT(item % items_each, before);
            before = item % items_each;
            ++count;
        }
    }
    for (auto& each : threads) each.join();
    EXPECT_EQ(count, producers * items_each);
}

TEST(bounded_queue_pause, ends_at_its_limit_though_items_wait) {
    bounded_queue<int> queue(10);
    EXPECT_TRUE(queue.push(1));
    EXPECT_FALSE(queue.wait_closed(std::chrono::milliseconds(1)));
    EXPECT_THAT(queue.take_all(), ElementsAre(1));
}

TEST(bounded_queue_pause, ends_when_the_queue_is_closed) {
    bounded_queue<int> queue(10);
    std::thread consumer([&] { EXPECT_TRUE(queue.wait_closed(std::chrono::hours(1))); });
    EXPECT_TRUE(queue.push(1));
    queue.close();
    consumer.join();
}

}  // namespace
}  // namespace garde
