// Records that the disk does not take: sent, tried again, dropped and counted.
#include "../../src/journal/record_overflow.hpp"

#include "checkpointing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::HasSubstr;
using testing::SizeIs;

struct overflow_test : testing::Test {
    arrivals<std::vector<std::string>> sent;
    std::function<result<void>(const push_limit&)> answer;
    std::shared_ptr<overflow_counts> counts = std::make_shared<overflow_counts>();

    record_overflow::setup setup() {
        return {.identity = "it",
                .to = [this](std::span<const std::string> frames, const push_limit& until) -> result<void> {
                    sent.add({frames.begin(), frames.end()});
                    return answer ? answer(until) : result<void>();
                },
                .from = {.host = "garde-1", .process = "1"},
                .first_pause = 1ms,
                .longest_pause = 1ms};
    }
    static record event(const std::string& name) { return {.at = {}, .event = name, .attributes = {}}; }
};

TEST_F(overflow_test, a_record_goes_out_as_a_line) {
    {
        record_overflow one(setup(), counts);
        one.add(event("switchover"));
    }
    const auto all = sent.wait_for(1);
    ASSERT_THAT(all[0], SizeIs(1));
    EXPECT_THAT(all[0][0],
                HasSubstr(R"( garde 1 record - {"at":"1970-01-01T00:00:00.000Z","event":"switchover")"));
    EXPECT_EQ(counts->sent, 1U);
    EXPECT_EQ(counts->dropped, 0U);
}

TEST_F(overflow_test, is_tried_again_with_the_same_records_first) {
    std::atomic<int> failures{2};
    answer = [&](const push_limit&) -> result<void> {
        if (failures.fetch_sub(1) > 0) return fail("down");
        return {};
    };
    record_overflow one(setup(), counts);
    one.add(event("first"));
    const auto all = sent.wait_for(3);
    EXPECT_EQ(all[0], all[1]);
    EXPECT_EQ(all[0], all[2]);
}

TEST_F(overflow_test, what_the_queue_cannot_hold_is_dropped_and_counted) {
    gate hanging;
    answer = [&](const push_limit&) -> result<void> {
        hanging.pass();
        return {};
    };
    {
        record_overflow one(setup(), counts);
        one.add(event("under way"));
        (void)sent.wait_for(1);
        for (std::size_t i = 0; i < record_overflow::queue_bound + 5; ++i) one.add(event("waits"));
        EXPECT_EQ(counts->dropped, 5U);
        hanging.open();
    }
    EXPECT_EQ(counts->sent, record_overflow::queue_bound + 1);
    EXPECT_EQ(counts->dropped, 5U);
}

TEST_F(overflow_test, what_cannot_be_sent_by_the_end_is_counted) {
    answer = [](const push_limit&) -> result<void> { return fail("down"); };
    {
        record_overflow one(setup(), counts);
        one.add(event("first"));
        (void)sent.wait_for(1);
    }
    EXPECT_EQ(counts->sent, 0U);
    EXPECT_EQ(counts->dropped, 1U);
}

}  // namespace
}  // namespace garde::journal
