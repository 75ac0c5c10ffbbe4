// The timer wheel with time moved by hand: never early, at the first turn that is not early, whatever
// callbacks do.
#include "garde/net/timer_wheel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace garde::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1) + 3ms);
constexpr milliseconds tick = timer_wheel::tick;
constexpr milliseconds revolution = tick * timer_wheel::slots;

/// A wheel, the time, and what fired.
struct bench {
    timer_wheel wheel{start};
    steady_time now = start;
    std::vector<int> fired;

    auto note(int number) {
        return [this, number] { fired.push_back(number); };
    }
    void pass(milliseconds time) { wheel.advance(now += time); }
};

TEST(timer_wheel, is_empty_at_first) {
    bench b;
    EXPECT_TRUE(b.wheel.empty());
    b.pass(1h);
    EXPECT_THAT(b.fired, IsEmpty());
}

TEST(timer_wheel, a_deadline_fires_once_and_not_early) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.set(b.now + 100ms);
    EXPECT_TRUE(one.pending());
    b.pass(99ms);
    EXPECT_THAT(b.fired, IsEmpty());
    b.pass(1ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
    EXPECT_FALSE(one.pending());
    EXPECT_TRUE(b.wheel.empty());
    b.pass(1h);
    EXPECT_THAT(b.fired, ElementsAre(1));
}

TEST(timer_wheel, a_deadline_in_the_past_fires_at_the_next_turn) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.set(b.now - 1h);
    b.pass(0ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
}

TEST(timer_wheel, deadlines_of_different_ticks_fire_in_order) {
    bench b;
    deadline late(b.wheel, b.note(3));
    deadline early(b.wheel, b.note(1));
    deadline middle(b.wheel, b.note(2));
    late.set(b.now + 60ms);
    early.set(b.now + 20ms);
    middle.set(b.now + 40ms);
    b.pass(100ms);
    EXPECT_THAT(b.fired, ElementsAre(1, 2, 3));
}

TEST(timer_wheel, a_cancelled_deadline_does_not_fire) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.set(b.now + 20ms);
    one.cancel();
    EXPECT_FALSE(one.pending());
    EXPECT_TRUE(b.wheel.empty());
    b.pass(1h);
    EXPECT_THAT(b.fired, IsEmpty());
}

TEST(timer_wheel, cancelling_what_is_not_set_is_fine) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.cancel();
    EXPECT_FALSE(one.pending());
}

TEST(timer_wheel, a_deadline_that_ends_its_life_does_not_fire) {
    bench b;
    {
        deadline(b.wheel, b.note(1)).set(b.now + 20ms);
    }
    EXPECT_TRUE(b.wheel.empty());
    b.pass(1h);
    EXPECT_THAT(b.fired, IsEmpty());
}

TEST(timer_wheel, setting_again_moves_a_deadline) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.set(b.now + 20ms);
    one.set(b.now + 500ms);
    b.pass(499ms);
    EXPECT_THAT(b.fired, IsEmpty());
    b.pass(1ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
}

TEST(timer_wheel, deadlines_may_be_more_than_a_revolution_away) {
    bench b;
    deadline near(b.wheel, b.note(1));
    deadline far(b.wheel, b.note(2));
    near.set(b.now + 50ms);
    far.set(b.now + 50ms + 3 * revolution);
    b.pass(50ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
    b.pass(revolution);
    b.pass(2 * revolution - 1ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
    b.pass(1ms);
    EXPECT_THAT(b.fired, ElementsAre(1, 2));
}

TEST(timer_wheel, a_long_pause_misses_nothing) {
    bench b;
    std::list<deadline> all;
    for (int i = 0; i < 2000; ++i) all.emplace_back(b.wheel, b.note(i)).set(b.now + tick * i);
    b.pass(10 * revolution);
    EXPECT_EQ(b.fired.size(), 2000U);
}

TEST(timer_wheel, time_that_stands_still_or_goes_back_fires_nothing) {
    bench b;
    deadline one(b.wheel, b.note(1));
    one.set(b.now + 20ms);
    b.wheel.advance(b.now);
    b.wheel.advance(b.now - 1h);
    EXPECT_THAT(b.fired, IsEmpty());
    b.pass(20ms);
    EXPECT_THAT(b.fired, ElementsAre(1));
}

// --- the owner is told when to turn it next ---

/// Turning only when told, from `b.now` on: how late the deadline fires.
milliseconds lateness_when_turned_as_told(bench& b, milliseconds until_due) {
    bool fired = false;
    deadline one(b.wheel, [&] { fired = true; });
    const steady_time due = b.now + until_due;
    one.set(due);
    while (!fired) {
        const auto next = b.wheel.next_expiry();
        if (!next || *next < b.now) return milliseconds(-1);
        b.wheel.advance(b.now = *next);
    }
    return std::chrono::duration_cast<milliseconds>(b.now - due);
}

TEST(timer_wheel, an_empty_one_need_not_be_turned) {
    bench b;
    EXPECT_FALSE(b.wheel.next_expiry());
    deadline one(b.wheel, b.note(1));
    one.set(b.now + 1s);
    EXPECT_TRUE(b.wheel.next_expiry());
    one.cancel();
    EXPECT_FALSE(b.wheel.next_expiry());
}

TEST(timer_wheel, turned_when_told_it_is_at_most_a_tick_late_wherever_it_stands) {
    for (milliseconds at{0}; at < revolution; at += 37ms)
        for (const milliseconds until_due : {0ms, 1ms, 9ms, 10ms, 11ms, 640ms, 5000ms, 10'239ms}) {
            bench b;
            b.pass(at);
            const auto late = lateness_when_turned_as_told(b, until_due);
            ASSERT_TRUE(late >= 0ms && late <= tick)
                << late.count() << " ms late at " << at.count() << " for " << until_due.count();
        }
}

TEST(timer_wheel, a_deadline_of_a_later_turn_is_waited_for_turn_by_turn) {
    bench b;
    EXPECT_LE(lateness_when_turned_as_told(b, 3 * revolution + 5ms), tick);
    EXPECT_GE(b.now, start + 3 * revolution + 5ms);
}

// --- callbacks that change the wheel ---

TEST(timer_wheel, a_callback_may_set_its_own_deadline_again) {
    bench b;
    int times = 0;
    std::unique_ptr<deadline> one;
    one = std::make_unique<deadline>(b.wheel, [&] {
        if (++times < 3) one->set(b.now + 100ms);
    });
    one->set(b.now + 100ms);
    for (int i = 0; i < 3; ++i) b.pass(100ms);
    EXPECT_EQ(times, 3);
    EXPECT_FALSE(one->pending());
}

TEST(timer_wheel, a_callback_that_sets_itself_to_now_does_not_hold_up_the_turn) {
    bench b;
    int times = 0;
    std::unique_ptr<deadline> one;
    one = std::make_unique<deadline>(b.wheel, [&] {
        ++times;
        one->set(b.now - 1s);
    });
    one->set(b.now + 10ms);
    b.pass(10ms);
    EXPECT_GE(times, 1);
    EXPECT_LE(times, 2);
    EXPECT_TRUE(one->pending());
    b.pass(10ms);
    EXPECT_GE(times, 2);
}

TEST(timer_wheel, a_callback_may_cancel_any_other_deadline_of_its_tick) {
    // Whichever fires first cancels all others, wherever they are in the list.
    for (int victim = 1; victim <= 3; ++victim) {
        bench b;
        std::list<deadline> all;
        for (int i = 0; i < 4; ++i)
            all.emplace_back(b.wheel, [&b, &all, i] {
                b.fired.push_back(i);
                for (auto& other : all) other.cancel();
            });
        for (auto& one : all) one.set(b.now + 20ms);
        b.pass(20ms);
        EXPECT_EQ(b.fired.size(), 1U);
        EXPECT_TRUE(b.wheel.empty());
    }
}

TEST(timer_wheel, a_callback_may_cancel_the_next_one_only) {
    bench b;
    // Set last is looked at first; its neighbour in the list is the one before.
    deadline third(b.wheel, b.note(3));
    deadline second(b.wheel, b.note(2));
    deadline first(b.wheel, [&] { second.cancel(); });
    for (auto* one : {&third, &second, &first}) one->set(b.now + 20ms);
    b.pass(20ms);
    EXPECT_THAT(b.fired, ElementsAre(3));
}

TEST(timer_wheel, a_callback_may_end_the_life_of_other_deadlines) {
    bench b;
    auto victim = std::make_unique<deadline>(b.wheel, b.note(2));
    deadline first(b.wheel, [&] { victim.reset(); });
    victim->set(b.now + 20ms);
    first.set(b.now + 20ms);
    b.pass(20ms);
    EXPECT_THAT(b.fired, IsEmpty());
    EXPECT_TRUE(b.wheel.empty());
}

TEST(timer_wheel, a_callback_may_set_others) {
    bench b;
    deadline other(b.wheel, b.note(2));
    deadline first(b.wheel, [&] { other.set(b.now + 20ms); });
    first.set(b.now + 20ms);
    b.pass(20ms);
    EXPECT_THAT(b.fired, IsEmpty());
    b.pass(20ms);
    EXPECT_THAT(b.fired, ElementsAre(2));
}

// --- at random: against a list ---

TEST(timer_wheel, fires_exactly_at_the_first_turn_that_is_not_early) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](int limit) { return std::uniform_int_distribution(0, limit - 1)(random); };
    bench b;
    struct tracked {
        tracked(bench& of) : timer(of.wheel, [this] { ++fired; }) {}
        deadline timer;
        steady_time due{};
        bool set = false;
        int fired = 0;
    };
    std::list<tracked> all;
    for (int i = 0; i < 50; ++i) all.emplace_back(b);
    for (int step = 0; step < 5'000; ++step) {
        auto which = all.begin();
        std::advance(which, below(50));
        which->set = below(4) != 0;
        which->due = b.now + milliseconds(below(10) == 0 ? below(30'000) : below(200)) - 5ms;
        if (which->set)
            which->timer.set(which->due);
        else
            which->timer.cancel();
        b.pass(milliseconds(below(100) == 0 ? below(25'000) : below(30)));
        for (auto& one : all) {
            const bool due = one.set && one.due <= b.now;
            ASSERT_EQ(one.fired, due ? 1 : 0) << "step " << step;
            ASSERT_EQ(one.timer.pending(), one.set && !due) << "step " << step;
            one.set = one.set && !due;
            one.fired = 0;
        }
    }
}

}  // namespace
}  // namespace garde::net
