// A runner: who gets which checkpoint, and what becomes of a place that fails or hangs. Its thread is real.
#include "../../src/journal/checkpoint_runner.hpp"

#include "checkpointing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::ElementsAre;

struct recorded {
    arrivals<std::uint64_t> sizes;                          ///< as pushes began
    std::function<result<void>(const push_limit&)> answer;  ///< empty: all is well
};

class recording_place final : public checkpoint_place {
  public:
    explicit recording_place(recorded& into) : into_(into) {}
    result<void> push(const signed_checkpoint& what, const push_limit& until) override {
        into_.sizes.add(what.what.head.size);
        return into_.answer ? into_.answer(until) : result<void>();
    }

  private:
    recorded& into_;
};

struct runner_test : testing::Test {
    recorded seen;
    std::shared_ptr<checkpoint_book> book = std::make_shared<checkpoint_book>(signer());

    checkpoint_runner::setup setup(push_schedule::rules rules = {.every = 1h, .first_pause = 1ms}) {
        return {.name = "file",
                .identity = "it",
                .place = std::make_unique<recording_place>(seen),
                .book = book,
                .rules = rules};
    }
    void grow(checkpoint_runner& one, std::uint64_t size, urgency how) const {
        book->put(head_of(size), wall_now());
        one.grown(how);
    }
    static void wait_for(const checkpoint_runner& one, const std::function<bool(const place_state&)>& good) {
        wait_until([&] { return good(one.state()); });
    }
};

TEST_F(runner_test, urgent_growth_is_pushed_at_once_and_shown) {
    checkpoint_runner one(setup());
    grow(one, 3, urgency::at_once);
    EXPECT_THAT(seen.sizes.wait_for(1), ElementsAre(3));
    wait_for(one, [](const auto& now) { return now.pushed_size == 3 && now.pushed_at.has_value(); });
    EXPECT_EQ(one.failing_since(), std::nullopt);
}

TEST_F(runner_test, usual_growth_is_pushed_after_its_time) {
    checkpoint_runner one(setup({.every = 20ms}));
    grow(one, 1, urgency::usual);
    EXPECT_THAT(seen.sizes.wait_for(1), ElementsAre(1));
}

TEST_F(runner_test, what_waits_is_pushed_at_the_end) {
    {
        checkpoint_runner one(setup());
        grow(one, 1, urgency::usual);
        grow(one, 2, urgency::usual);
        EXPECT_EQ(seen.sizes.count(), 0U) << "an hour is not over";
    }
    EXPECT_THAT(seen.sizes.wait_for(1), ElementsAre(2));
}

TEST_F(runner_test, nothing_new_is_not_pushed_at_the_end) {
    {
        checkpoint_runner one(setup());
        grow(one, 1, urgency::at_once);
        wait_for(one, [](const auto& now) { return now.pushed_size == 1; });
    }
    EXPECT_EQ(seen.sizes.count(), 1U);
}

TEST_F(runner_test, an_older_checkpoint_is_overtaken_while_a_place_hangs) {
    gate hanging;
    seen.answer = [&](const push_limit&) -> result<void> {
        hanging.pass();
        return {};
    };
    checkpoint_runner one(setup());
    grow(one, 1, urgency::at_once);
    (void)seen.sizes.wait_for(1);
    for (std::uint64_t size = 2; size <= 1000; ++size) grow(one, size, urgency::at_once);
    hanging.open();
    EXPECT_THAT(seen.sizes.wait_for(2), ElementsAre(1, 1000));
    wait_for(one, [](const auto& now) { return now.pushed_size == 1000; });
}

TEST_F(runner_test, a_place_that_fails_is_tried_again_until_it_works) {
    std::atomic<int> failures{3};
    seen.answer = [&](const push_limit&) -> result<void> {
        if (failures.fetch_sub(1) > 0) return fail("no such host");
        return {};
    };
    checkpoint_runner one(setup());
    grow(one, 5, urgency::at_once);
    EXPECT_THAT(seen.sizes.wait_for(4), ElementsAre(5, 5, 5, 5));
    wait_for(one,
             [](const auto& now) { return now.pushed_size == 5 && !now.failing_since && now.why.empty(); });
}

TEST_F(runner_test, a_failure_is_shown_in_words) {
    seen.answer = [](const push_limit&) -> result<void> { return fail("no such host"); };
    checkpoint_runner one(setup({.every = 1h, .first_pause = 1h, .longest_pause = 1h}));
    grow(one, 5, urgency::at_once);
    wait_for(one, [](const auto& now) { return now.failing_since && now.why == "no such host"; });
    EXPECT_TRUE(one.failing_since());
    EXPECT_EQ(one.state().pushed_size, 0U);
}

TEST_F(runner_test, the_end_shortens_what_is_under_way) {
    seen.answer = [](const push_limit& until) -> result<void> {
        while (!until.over()) std::this_thread::yield();
        return fail("no answer in time");
    };
    const auto begun = std::chrono::steady_clock::now();
    {
        checkpoint_runner one(setup());
        grow(one, 1, urgency::at_once);
        (void)seen.sizes.wait_for(1);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, checkpoint_runner::attempt_limit);
    EXPECT_EQ(seen.sizes.count(), 2U) << "the one under way, and the last one";
}

}  // namespace
}  // namespace garde::journal
