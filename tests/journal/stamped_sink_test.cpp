// Every record says under which configuration it came about.
#include "garde/journal/stamped_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::journal {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct kept final : sink {
    std::vector<record> records;
    bool trouble = false;
    using sink::append;
    void append(record what, on_durable then) override {
        records.push_back(std::move(what));
        if (then) then(true);
    }
    [[nodiscard]] bool failing() const override { return trouble; }
};

TEST(stamped_sink, a_record_gets_the_configuration_in_force) {
    kept to;
    stamped_sink stamped(to, "aa");
    stamped.append({.at = {}, .event = "verdict", .attributes = {{"backend", "one"}}});
    stamped.use("bb");
    stamped.append({.at = {}, .event = "verdict", .attributes = {}});
    ASSERT_EQ(to.records.size(), 2U);
    EXPECT_THAT(to.records[0].attributes, ElementsAre(Pair("backend", "one")));
    EXPECT_EQ(to.records[0].configuration, "aa");
    EXPECT_EQ(to.records[1].configuration, "bb");
}

TEST(stamped_sink, a_record_that_says_it_itself_keeps_what_it_says) {
    kept to;
    stamped_sink stamped(to, "aa");
    stamped.append({.at = {}, .event = "reload", .attributes = {}, .configuration = "bb"});
    EXPECT_EQ(to.records.at(0).configuration, "bb");
}

TEST(stamped_sink, the_journals_word_comes_through) {
    kept to;
    stamped_sink stamped(to, "aa");
    bool durable = false;
    stamped.append({.at = {}, .event = "start", .attributes = {}}, [&](bool is) { durable = is; });
    EXPECT_TRUE(durable);
    EXPECT_FALSE(stamped.failing());
    to.trouble = true;
    EXPECT_TRUE(stamped.failing());
}

}  // namespace
}  // namespace garde::journal
