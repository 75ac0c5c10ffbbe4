// When a backend counts as silent.
#include "garde/upstream/silence.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace garde::upstream {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));

/// A backend whose answers usually take so long.
silence used_to(milliseconds time) {
    silence out;
    for (int i = 0; i < 100; ++i) {
        out.begin(start);
        out.answered(start, time);
    }
    return out;
}

TEST(silence, nobody_is_silent_whom_nobody_asks) {
    const silence quiet = used_to(10ms);
    EXPECT_FALSE(quiet.lasts(start + 1h));
}

TEST(silence, begins_after_twice_the_usual_time) {
    silence it = used_to(300ms);
    it.begin(start);
    EXPECT_FALSE(it.lasts(start + 590ms));
    EXPECT_TRUE(it.lasts(start + 601ms));
}

TEST(silence, leaves_a_quick_backend_its_least_time) {
    silence it = used_to(1ms);
    it.begin(start);
    EXPECT_FALSE(it.lasts(start + silence::least));
    EXPECT_TRUE(it.lasts(start + silence::least + 1ms));
}

TEST(silence, an_answer_to_anybody_ends_it) {
    silence it = used_to(10ms);
    it.begin(start);
    it.begin(start);
    ASSERT_TRUE(it.lasts(start + 1s));
    it.answered(start + 1s, 10ms);
    EXPECT_FALSE(it.lasts(start + 1s));
    EXPECT_TRUE(it.lasts(start + 2s)) << "the other one still waits";
}

TEST(silence, ends_when_nobody_waits_any_longer) {
    silence it = used_to(10ms);
    it.begin(start);
    it.end();
    EXPECT_FALSE(it.lasts(start + 1h));
    it.begin(start + 1h);
    EXPECT_FALSE(it.lasts(start + 1h)) << "it begins anew";
    EXPECT_TRUE(it.lasts(start + 1h + 1s));
}

}  // namespace
}  // namespace garde::upstream
