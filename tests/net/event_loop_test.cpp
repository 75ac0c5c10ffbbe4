// A thread's loop: messages in order, bounded mailboxes, deadlines by the real clock.
#include "garde/net/event_loop.hpp"

#include "garde/net/stream.hpp"

#include "../support/loopback.hpp"
#include "../support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace garde::net {
namespace {

using test::run;
using test::run_until;
using testing::ElementsAre;
using namespace std::chrono_literals;

steady_time now() {
    return std::chrono::steady_clock::now();
}

TEST(event_loop, messages_run_in_the_order_posted) {
    event_loop loop;
    std::vector<int> seen;
    for (int i = 0; i < 3; ++i) loop.post([&seen, i] { seen.push_back(i); });
    run_until(loop, [&] { return seen.size() == 3; });
    EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

TEST(event_loop, messages_from_another_thread_run_on_the_loops_thread) {
    event_loop loop;
    std::thread::id ran_on;
    std::jthread other([&] {
        loop.post([&] {
            ran_on = std::this_thread::get_id();
            loop.stop();
        });
    });
    loop.run();
    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

task<> echo_in_order(stream& on, event_loop& loop, char name, std::string& seen) {
    std::array<char, 8> into{};
    (void)co_await on.read_some(into);
    seen += std::string("read ") + name + ", ";
    co_await loop.after_arrivals();
    seen += std::string("write ") + name + ", ";
}

TEST(event_loop, who_is_about_to_write_lets_the_others_read_first) {
    event_loop loop;
    auto [left, one] = test::connected_pair();
    auto [right, other] = test::connected_pair();
    stream first(loop, std::move(one), nullptr);
    stream second(loop, std::move(other), nullptr);
    std::string seen;
    loop.spawn(echo_in_order(first, loop, 'a', seen));
    loop.spawn(echo_in_order(second, loop, 'b', seen));
    test::settle(loop);
    for (const socket* from : {&left, &right}) ASSERT_EQ(::send(from->native_handle(), "x", 1, 0), 1);
    test::settle(loop);
    const auto first_write = seen.find("write");
    EXPECT_EQ(seen.find("read", first_write), std::string::npos) << seen;
    EXPECT_EQ(std::ranges::count(seen, ','), 4) << seen;
}

// What post() still did then would be done to descriptors that are closed, or somebody else's: seen by tsan.
TEST(event_loop, may_end_as_soon_as_its_last_message_has_run) {
    for (int i = 0; i < 300; ++i) {
        auto loop = std::make_unique<event_loop>();
        bool ran = false;
        const std::jthread other([&, at = loop.get()] { at->post([&ran] { ran = true; }); });
        while (!ran) loop->turn(event_loop::patience::poll);
        loop.reset();
    }
}

TEST(event_loop, messages_of_each_thread_keep_their_order) {
    event_loop loop;
    constexpr int per_thread = 1000;
    std::vector<std::vector<int>> seen(3);
    int total = 0;
    {
        std::vector<std::jthread> senders;
        for (std::size_t t = 0; t < seen.size(); ++t)
            senders.emplace_back([&, t] {
                for (int i = 0; i < per_thread; ++i)
                    loop.post([&, t, i] {
                        seen[t].push_back(i);
                        if (++total == 3 * per_thread) loop.stop();
                    });
            });
        loop.run();
    }
    for (const auto& one : seen) EXPECT_TRUE(std::ranges::is_sorted(one));
    EXPECT_EQ(total, 3 * per_thread);
}

TEST(event_loop, stop_ends_run_from_any_thread) {
    event_loop loop;
    std::jthread runs([&] { loop.run(); });
    loop.stop();
    runs.join();
    EXPECT_TRUE(loop.stopped());
}

TEST(event_loop, what_was_not_run_is_dropped_with_the_loop) {
    auto held = std::make_shared<int>(0);
    {
        event_loop loop;
        loop.post([held] { ++*held; });
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

task<> hold(std::shared_ptr<int> what, event_loop& loop) {
    co_await loop.wait_until(now() + 1h);
    ++*what;
}

TEST(event_loop, coroutines_that_wait_end_with_the_loop) {
    auto held = std::make_shared<int>(0);
    {
        event_loop loop;
        loop.spawn(hold(held, loop));
        test::settle(loop);
    }
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

TEST(event_loop, wait_until_waits_that_long) {
    event_loop loop;
    const steady_time due = now() + 15ms;
    run(loop, loop.wait_until(due));
    EXPECT_GE(now(), due);
}

TEST(event_loop, a_deadline_fires_and_not_early) {
    event_loop loop;
    steady_time fired{};
    deadline one(loop.wheel(), [&] { fired = now(); });
    const steady_time due = now() + 25ms;
    one.set(due);
    run_until(loop, [&] { return fired != steady_time{}; });
    EXPECT_GE(fired, due);
}

TEST(event_loop, the_wheel_turns_again_after_it_was_empty) {
    event_loop loop;
    int fired = 0;
    deadline one(loop.wheel(), [&] { ++fired; });
    for (int i = 1; i <= 3; ++i) {
        one.set(now() + 1ms);
        run_until(loop, [&] { return fired == i; });
        EXPECT_TRUE(loop.wheel().empty());
    }
    EXPECT_EQ(fired, 3);
}

TEST(event_loop, a_deadline_that_is_moved_all_the_time_still_lets_the_wheel_turn) {
    // The only deadline, moved on each turn of the loop: the wheel is empty for a moment each time. A tick is
    // started once, not anew.
    event_loop loop;
    bool fired = false;
    deadline moving(loop.wheel(), [&] { fired = true; });
    const steady_time due = now() + 30ms;
    run_until(loop, [&] {
        if (!fired) {
            moving.set(due);
            loop.post([] {});
        }
        return fired;
    });
    EXPECT_LT(now(), due + 5s);
}

TEST(event_loop, a_callback_may_set_the_only_deadline_again) {
    event_loop loop;
    int fired = 0;
    std::unique_ptr<deadline> one;
    one = std::make_unique<deadline>(loop.wheel(), [&] {
        if (++fired < 3) one->set(now() + 1ms);
    });
    one->set(now() + 1ms);
    run_until(loop, [&] { return fired == 3; });
    EXPECT_EQ(fired, 3);
}

TEST(mailbox, refuses_what_is_over_its_bound) {
    event_loop loop;
    mailbox box(loop, 2);
    int ran = 0;
    EXPECT_TRUE(box.try_post([&] { ++ran; }));
    EXPECT_TRUE(box.try_post([&] { ++ran; }));
    EXPECT_FALSE(box.try_post([&] { ++ran; }));
    test::settle(loop);
    EXPECT_EQ(ran, 2);
}

TEST(mailbox, has_room_again_when_messages_have_run) {
    event_loop loop;
    mailbox box(loop, 1);
    ASSERT_TRUE(box.try_post([] {}));
    ASSERT_FALSE(box.try_post([] {}));
    test::settle(loop);
    EXPECT_TRUE(box.try_post([] {}));
}

TEST(mailbox, a_message_may_post_the_next_one) {
    event_loop loop;
    mailbox box(loop, 1);
    int ran = 0;
    ASSERT_TRUE(box.try_post([&] {
        ++ran;
        EXPECT_TRUE(box.try_post([&] { ++ran; }));
    }));
    run_until(loop, [&] { return ran == 2; });
    EXPECT_EQ(ran, 2);
}

TEST(mailbox, what_many_threads_post_is_run_or_refused) {
    event_loop loop;
    mailbox box(loop, 16);
    std::atomic<int> accepted = 0;
    int ran = 0;
    {
        std::jthread runs([&] { loop.run(); });
        {
            std::vector<std::jthread> senders;
            for (int t = 0; t < 3; ++t)
                senders.emplace_back([&] {
                    for (int i = 0; i < 2000; ++i)
                        if (box.try_post([&ran] { ++ran; })) ++accepted;
                });
        }
        loop.post([&] { loop.stop(); });
    }
    EXPECT_EQ(ran, accepted);
    EXPECT_GT(ran, 0);
}

}  // namespace
}  // namespace garde::net
