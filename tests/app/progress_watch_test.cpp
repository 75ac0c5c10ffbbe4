// When a thread counts as stalled and when as recovered, with a clock moved by hand.
#include "garde/app/progress_watch.hpp"

#include <gtest/gtest.h>

namespace garde::app {
namespace {

using namespace std::chrono_literals;

/// A watched thread: answers at once, or not at all.
class thread_under_watch {
  public:
    /// Looks every 250 ms for so long; what changed last, if anything did.
    std::optional<progress> pass(milliseconds time) {
        std::optional<progress> changed;
        for (const auto end = now + time; now < end;) {
            now += 250ms;
            last = watch.look(now, answers);
            if (last.became) {
                changed = last.became;
                for_time = last.for_time;
            }
            if (last.ask) ++asked;
            if (answering) answers = asked;
        }
        return changed;
    }

    steady_time now{1000s};
    progress_watch watch{watch_rules{}, now};
    progress_watch::step last;
    milliseconds for_time{0};
    std::uint64_t asked = 0;
    std::uint64_t answers = 0;
    bool answering = true;
};

TEST(progress_watch, who_answers_is_alive) {
    thread_under_watch one;
    EXPECT_FALSE(one.pass(1min));
    EXPECT_EQ(one.watch.state(), progress::alive);
    EXPECT_GT(one.asked, 200U);
}

TEST(progress_watch, who_does_not_is_asked_once_and_stalled_in_the_end) {
    thread_under_watch one;
    one.pass(1s);
    one.answering = false;
    const auto before = one.asked;
    EXPECT_FALSE(one.pass(2'750ms));
    EXPECT_EQ(one.pass(1s), progress::stalled);
    EXPECT_GE(one.for_time, 3s);
    EXPECT_LE(one.for_time, 3'250ms);
    EXPECT_LE(one.asked, before + 1) << "no pile of questions for a thread that reads none";
    EXPECT_FALSE(one.pass(1min)) << "said once";
}

TEST(progress_watch, a_pause_shorter_than_the_limit_is_forgiven) {
    thread_under_watch one;
    for (int i = 0; i < 20; ++i) {
        one.answering = false;
        EXPECT_FALSE(one.pass(2'500ms));
        one.answering = true;
        EXPECT_FALSE(one.pass(500ms));
    }
}

TEST(progress_watch, who_answers_steadily_again_has_recovered) {
    thread_under_watch one;
    one.answering = false;
    EXPECT_EQ(one.pass(10s), progress::stalled);
    one.answering = true;
    one.answers = one.asked;
    EXPECT_FALSE(one.pass(2s));
    EXPECT_EQ(one.watch.state(), progress::stalled) << "not at its first sign of life";
    EXPECT_EQ(one.pass(500ms), progress::alive);
    EXPECT_GE(one.for_time, 9s);
    EXPECT_LE(one.for_time, 11s);
}

TEST(progress_watch, who_answers_by_fits_and_starts_has_not) {
    thread_under_watch one;
    one.answering = false;
    EXPECT_EQ(one.pass(10s), progress::stalled);
    for (int i = 0; i < 10; ++i) {
        one.answering = true;
        one.answers = one.asked;
        EXPECT_FALSE(one.pass(1s));
        one.answering = false;
        EXPECT_FALSE(one.pass(1s));
    }
    EXPECT_EQ(one.watch.state(), progress::stalled);
}

TEST(progress_watch, a_watcher_that_slept_blames_nobody) {
    thread_under_watch one;
    one.pass(1s);
    one.answering = false;
    one.pass(500ms);
    one.now += 1h;
    EXPECT_FALSE(one.pass(2'500ms));
    EXPECT_EQ(one.pass(2s), progress::stalled) << "but goes on watching";
}

}  // namespace
}  // namespace garde::app
