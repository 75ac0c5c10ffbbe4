// How what concerns the whole node looks in the journal.
#include "../../src/control/records.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::control {
namespace {

using testing::ElementsAre;
using testing::Pair;
using namespace std::chrono_literals;

config::admin_settings operators(std::map<std::string, std::string> tokens) {
    config::admin_settings out;
    out.token_sha256_by_name = std::move(tokens);
    return out;
}

TEST(node_records, another_receipt_key_is_named_by_its_id) {
    const auto written = receipt_key_record("aaaa", "bbbb", "anna");
    EXPECT_EQ(written.event, "key-rotated");
    EXPECT_THAT(written.attributes, ElementsAre(Pair("key", "receipts"), Pair("from", "aaaa"),
                                                Pair("to", "bbbb"), Pair("by", "anna")));
    EXPECT_THAT(receipt_key_record("", "bbbb", "anna").attributes[1], Pair("from", "none"));
    EXPECT_THAT(receipt_key_record("aaaa", "", "anna").attributes[2], Pair("to", "none"));
}

TEST(node_records, operators_that_are_the_same_are_no_news) {
    EXPECT_EQ(operators_record(operators({{"anna", "1"}}), operators({{"anna", "1"}}), "anna"), std::nullopt);
}

TEST(node_records, operators_that_come_go_or_get_another_token_are_named_and_no_hash_is) {
    const auto written =
        operators_record(operators({{"anna", "1"}, {"bert", "2"}, {"carl", "3"}}),
                         operators({{"anna", "1"}, {"bert", "7"}, {"dora", "4"}, {"eva", "5"}}), "anna");
    ASSERT_TRUE(written);
    EXPECT_EQ(written->event, "operators-changed");
    EXPECT_THAT(written->attributes, ElementsAre(Pair("by", "anna"), Pair("added", "dora, eva"),
                                                 Pair("removed", "carl"), Pair("new-token", "bert")));
}

TEST(node_records, a_clock_that_was_set_says_from_when_to_when) {
    const auto at = parse_rfc3339("2018-08-09T09:00:00Z");
    const auto forward = clock_step_record(*at, 90'250ms);
    EXPECT_EQ(forward.event, "clock-step");
    EXPECT_EQ(forward.at, *at);
    EXPECT_THAT(forward.attributes,
                ElementsAre(Pair("by-ms", "+90250"), Pair("before", "2018-08-09T08:58:29.750Z"),
                            Pair("after", "2018-08-09T09:00:00.000Z")));
    EXPECT_THAT(clock_step_record(*at, -2s).attributes[0], Pair("by-ms", "-2000"));
}

}  // namespace
}  // namespace garde::control
