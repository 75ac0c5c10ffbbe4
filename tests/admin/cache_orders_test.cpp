// Purges of the cache: what may be ordered, what is answered and what is written down.
#include "../../src/admin/cache_answers.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

namespace garde::admin {
namespace {

using on_disk = cache::purge_result::on_disk;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;
using testing::Pair;

const wall_time now = *parse_rfc3339("2030-05-06T07:08:09Z");

auto parse(std::string_view body) {
    return parse_purge_request("application/json", body, now);
}

TEST(cache_orders, a_caller_a_time_both_or_everything) {
    const auto caller = parse(R"({"caller":"CN=One,O=Example","reason":"has left"})");
    ASSERT_TRUE(caller.has_value()) << caller.error().detail;
    EXPECT_EQ(caller->what.of->text(), "CN=One,O=Example");
    EXPECT_FALSE(caller->what.before);
    EXPECT_EQ(caller->reason, "has left");
    const auto both =
        parse(R"({"caller":"DNS:*.one.test","before":"2030-05-01T00:00:00+02:00","reason":"r"})");
    ASSERT_TRUE(both.has_value()) << both.error().detail;
    EXPECT_EQ(both->what.before, parse_rfc3339("2030-04-30T22:00:00Z"));
    const auto all = parse(R"({"all":true,"reason":"r"})");
    ASSERT_TRUE(all.has_value()) << all.error().detail;
    EXPECT_FALSE(all->what.of || all->what.before);
}

TEST(cache_orders, what_is_not_said_or_said_twice_is_refused) {
    for (const auto* body :
         {R"({"reason":"r"})", R"({"all":false,"reason":"r"})",
          R"({"all":true,"caller":"CN=a","reason":"r"})",
          R"({"all":true,"before":"2030-05-01T00:00:00Z","reason":"r"})", R"({"caller":"*","reason":"r"})",
          R"({"caller":"group:some","reason":"r"})", R"({"caller":"attribute:a=b","reason":"r"})",
          R"({"caller":"","reason":"r"})", R"({"caller":7,"reason":"r"})",
          R"({"caller":"CN=a\u0007","reason":"r"})", R"({"before":"2030-05-01T00:00:00","reason":"r"})",
          R"({"before":"2031-05-01T00:00:00Z","reason":"r"})", R"({"before":"yesterday","reason":"r"})",
          R"({"all":true})", R"({"all":true,"reason":" "})", R"({"all":true,"reason":"r","more":1})"}) {
        const auto got = parse(body);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, 422) << body;
        EXPECT_FALSE(got.error().detail.empty()) << body;
    }
    EXPECT_EQ(parse("no json").error().status, 400);
    EXPECT_EQ(parse_purge_request("text/plain", R"({"all":true,"reason":"r"})", now).error().status, 415);
}

TEST(cache_orders, the_journal_keeps_who_why_what_and_how_many) {
    const auto order = *parse(R"({"caller":"CN=One","reason":"has left"})");
    EXPECT_THAT(purge_attributes(order, {.from_memory = 3, .disk = on_disk::done, .from_disk = 5}, "anne"),
                IsSupersetOf({Pair("by", "anne"), Pair("reason", "has left"), Pair("caller", "CN=One"),
                              Pair("memory", "3"), Pair("disk", "done"), Pair("disk_entries", "5")}));
    const auto all = *parse(R"({"all":true,"reason":"r"})");
    const auto waiting =
        purge_attributes(all, {.from_memory = 0, .disk = on_disk::waiting, .from_disk = 0}, "anne");
    EXPECT_THAT(waiting, IsSupersetOf({Pair("all", "true"), Pair("disk", "waiting")}));
    EXPECT_THAT(waiting, Not(testing::Contains(Pair("disk_entries", testing::_))));
}

TEST(cache_orders, a_disk_that_has_not_done_it_is_told) {
    const auto order = *parse(R"({"all":true,"reason":"r"})");
    EXPECT_THAT(purge_document(order, {.from_memory = 1, .disk = on_disk::waiting, .from_disk = 0}, "anne"),
                HasSubstr("warning"));
    const auto done = boost::json::parse(
        purge_document(order, {.from_memory = 1, .disk = on_disk::done, .from_disk = 9}, "anne"));
    EXPECT_EQ(done.at("disk_entries"), 9);
    EXPECT_EQ(done.at("memory"), 1);
    EXPECT_EQ(done.as_object().if_contains("warning"), nullptr);
}

TEST(cache_orders, statistics_have_a_disk_where_there_is_one) {
    cache::cache_totals totals;
    totals.offers[static_cast<std::size_t>(cache::refusal::none)] = 4;
    totals.offers[static_cast<std::size_t>(cache::refusal::fault)] = 2;
    totals.misses["no-entry"] = 3;
    const auto without = boost::json::parse(cache_document(totals, std::nullopt));
    EXPECT_TRUE(without.at("disk").is_null());
    EXPECT_EQ(without.at("kept"), 4);
    EXPECT_EQ(without.at("refused").as_object().size(), 1U);
    EXPECT_EQ(without.at("refused").at("fault"), 2);
    EXPECT_EQ(without.at("misses").at("no-entry"), 3);
    cache::tier_totals disk;
    disk.state = cache::tier_state::working;
    disk.entries = 7;
    const auto with = boost::json::parse(cache_document(totals, disk));
    EXPECT_EQ(with.at("disk").at("state"), "working");
    EXPECT_EQ(with.at("disk").at("entries"), 7);
}

}  // namespace
}  // namespace garde::admin
