// A coroutine that runs beside its owner: when it begins, who is told of its end, and that it ends with its
// owner.
#include "garde/net/companion.hpp"

#include "../support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace garde::net {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

/// Says in `log` that it has begun, and that it is gone.
struct logged {
    logged(std::vector<std::string>& to, std::string what) : log(to), name(std::move(what)) {
        log.push_back(name + " begins");
    }
    logged(const logged&) = delete;
    logged& operator=(const logged&) = delete;
    ~logged() { log.push_back(name + " is gone"); }
    std::vector<std::string>& log;
    std::string name;
};

task<int> at_once(int value) {
    co_return value;
}

task<int> in_a_while(event_loop& loop, milliseconds wait, int value, std::vector<std::string>& log) {
    const logged here(log, std::to_string(value));
    co_await loop.wait_until(test::in(wait));
    co_return value;
}

struct companions : testing::Test {
    event_loop loop;
    std::vector<std::string> log;

    task<int> wait_for_one() {
        alarm news(loop);
        companion<int> one(in_a_while(loop, 10ms, 7, log), news);
        while (!one.over()) co_await news.wait_until(test::in(test::patience));
        co_return one.take();
    }
    task<int> the_first_of_two() {
        alarm news(loop);
        companion<int> slow(in_a_while(loop, 1h, 1, log), news);
        companion<int> quick(in_a_while(loop, 10ms, 2, log), news);
        while (!slow.over() && !quick.over()) co_await news.wait_until(test::in(test::patience));
        co_return quick.over() ? quick.take() : slow.take();
    }
    task<int> both() {
        alarm news(loop);
        companion<int> one(in_a_while(loop, 20ms, 1, log), news);
        companion<int> other(in_a_while(loop, 20ms, 2, log), news);
        while (!one.over() || !other.over()) co_await news.wait_until(test::in(test::patience));
        co_return one.take() + other.take();
    }
    task<bool> waits_no_longer_than(milliseconds limit) {
        alarm news(loop);
        const companion<int> one(in_a_while(loop, 1h, 1, log), news);
        co_await news.wait_until(test::in(limit));
        co_return one.over();
    }
};

TEST_F(companions, what_need_not_wait_is_over_when_it_has_begun) {
    alarm news(loop);
    companion<int> one(at_once(3), news);
    ASSERT_TRUE(one.over());
    EXPECT_EQ(one.take(), 3);
}

TEST_F(companions, its_end_wakes_its_owner) {
    EXPECT_EQ(test::run(loop, wait_for_one()), 7);
}

TEST_F(companions, the_slower_of_two_ends_with_its_owner) {
    EXPECT_EQ(test::run(loop, the_first_of_two()), 2);
    EXPECT_THAT(log, ElementsAre("1 begins", "2 begins", "2 is gone", "1 is gone"));
}

TEST_F(companions, two_that_end_together_are_both_seen) {
    EXPECT_EQ(test::run(loop, both()), 3);
}

TEST_F(companions, its_owner_need_not_wait_for_it) {
    EXPECT_FALSE(test::run(loop, waits_no_longer_than(10ms)));
    EXPECT_THAT(log, ElementsAre("1 begins", "1 is gone"));
}

TEST_F(companions, all_end_with_their_loop) {
    std::optional<event_loop> gone(std::in_place);
    std::vector<std::string> seen;
    const auto owner = [](event_loop& on, std::vector<std::string>& into) -> task<> {
        alarm news(on);
        const companion<int> one(in_a_while(on, 1h, 1, into), news);
        co_await news.wait_until(test::in(1h));
    };
    gone->spawn(owner(*gone, seen));
    while (seen.empty()) gone->turn(event_loop::patience::poll);
    gone.reset();
    EXPECT_THAT(seen, ElementsAre("1 begins", "1 is gone"));
}

}  // namespace
}  // namespace garde::net
