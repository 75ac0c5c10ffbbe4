// What operators are told of kept requests and of stand-in rules.
#include "../../src/admin/deferral_answers.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include <string>

namespace garde::admin {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr wall_time nine{std::chrono::seconds{1'533'805'200}};

json::object parsed(const std::string& text) {
    return json::parse(text).as_object();
}

std::int64_t sum_of_states(const json::object& counted) {
    std::int64_t out = 0;
    for (const auto* state :
         {"queued", "sent", "confirmed", "contradicted", "expired", "handed-back", "ambiguous"})
        out += counted.at(state).to_number<std::int64_t>();
    return out;
}

TEST(deferral_answers, the_states_of_an_outage_add_up_to_what_was_issued) {
    emergency::ledger_totals totals;
    totals.counts = {{"orders", nine, 0, 0, 3},
                     {"orders", nine, 0, 2, 5},
                     {"orders", nine, 1, 5, 2},
                     {"other", nine + 1h, 0, 6, 1}};
    const auto told = parsed(deferrals_document(totals));
    ASSERT_EQ(told.at("outages").as_array().size(), 3U);
    for (const auto& one : told.at("outages").as_array())
        EXPECT_EQ(one.as_object().at("issued").to_number<std::int64_t>(), sum_of_states(one.as_object()));
    const auto& first = told.at("outages").as_array()[0].as_object();
    EXPECT_EQ(first.at("issued").to_number<int>(), 8);
    EXPECT_EQ(first.at("kind"), "message");
    EXPECT_EQ(first.at("outage"), "2018-08-09T09:00:00.000Z");
}

TEST(deferral_answers, the_newest_outage_of_a_service_or_the_one_that_is_named) {
    emergency::ledger_totals totals;
    totals.counts = {
        {"orders", nine, 0, 0, 3}, {"orders", nine + 3h, 0, 0, 3}, {"other", nine + 9h, 0, 0, 1}};
    EXPECT_EQ(find_outage(totals, "orders", std::nullopt), nine + 3h);
    EXPECT_EQ(find_outage(totals, "none", std::nullopt), std::nullopt);
    EXPECT_EQ(find_outage(totals, "orders", nine), nine);
    EXPECT_EQ(find_outage(totals, "orders", nine + 1h), std::nullopt);
    // As it was told: to the millisecond.
    totals.counts = {{"orders", nine + 3h + 5ms + 7us, 0, 0, 3}};
    EXPECT_EQ(find_outage(totals, "orders", nine + 3h + 5ms), nine + 3h + 5ms + 7us);
}

TEST(deferral_answers, each_caller_has_sums_that_add_up) {
    std::vector<emergency::deferral_entry> entries(5);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].asker = i < 3 ? "CA / one" : "CA / two";
        entries[i].state = static_cast<emergency::deferral_state>(i + 1);
    }
    const auto told = parsed(reconciliation_document("orders", nine, entries));
    EXPECT_EQ(told.at("all").as_object().at("issued").to_number<int>(), 5);
    EXPECT_EQ(sum_of_states(told.at("all").as_object()), 5);
    std::int64_t of_callers = 0;
    for (const auto& one : told.at("callers").as_array()) {
        EXPECT_EQ(one.as_object().at("issued").to_number<std::int64_t>(), sum_of_states(one.as_object()));
        of_callers += one.as_object().at("issued").to_number<std::int64_t>();
    }
    EXPECT_EQ(of_callers, 5);
    EXPECT_EQ(told.at("deferrals").as_array().size(), 5U);
}

stand_in_question asked(const std::string& body) {
    auto out = parse_stand_in_question("application/json", body);
    EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().detail);
    return out.value_or(stand_in_question{});
}

TEST(stand_in_answers, facts_are_read_as_they_are_given) {
    const auto got =
        asked(R"({"mode":"emergency","caller":{"issuer":"CN=CA","subject":"CN=A","names":["DNS:a.example"]},
                              "request_type":"invoicing","consult_age":3600,"outage":60,"deferrable":true})");
    EXPECT_EQ(got.current, continuity::mode::emergency);
    EXPECT_EQ(got.who.subject(), "CN=A");
    EXPECT_TRUE(got.who.verified());
    EXPECT_EQ(got.request_type, "invoicing");
    EXPECT_EQ(got.consult_age, 3600s);
    EXPECT_EQ(got.outage, 60s);
    EXPECT_TRUE(got.deferrable);
    EXPECT_FALSE(asked("{}").who.verified());
}

TEST(stand_in_answers, what_cannot_be_meant_is_refused_in_words) {
    const std::pair<const char*, const char*> wrong[] = {
        {R"({"mode":"primary"})", "with a backend nobody stands in"},
        {R"({"consult_age":"old"})", "whole number of seconds"},
        {R"({"outage":-1})", "whole number of seconds"},
        {R"({"caller":"CN=A"})", "must be an object"},
        {R"({"caller":{"subject":"CN=A","names":[1]}})", "must be an object"},
        {R"({"deferrable":1})", "true or false"},
        {R"({"request_type":7})", "must be a text"},
        {R"({"when":1})", "There is no member \"when\""},
    };
    for (const auto& [body, why] : wrong) {
        const auto got = parse_stand_in_question("application/json", body);
        ASSERT_FALSE(got.has_value()) << body;
        EXPECT_EQ(got.error().status, 422);
        EXPECT_THAT(got.error().detail, HasSubstr(why));
    }
    EXPECT_EQ(parse_stand_in_question("text/plain", "{}").error().status, 415);
}

TEST(stand_in_answers, each_rule_says_why_it_does_not_fit) {
    config::stand_in_rule old;
    old.name = "old";
    old.decide = config::stand_in_decision::procedure;
    old.consult_older = 3600s;
    config::stand_in_rule keep;
    keep.name = "keep";
    keep.decide = config::stand_in_decision::defer;
    keep.limits.per_caller = 7;
    const emergency::stand_in_policy policy({old, keep});
    const auto told = parsed(stand_in_document(policy, asked(R"({"consult_age":60,"deferrable":true})")));
    EXPECT_EQ(told.at("decision"), "defer");
    EXPECT_EQ(told.at("rule"), "keep");
    EXPECT_EQ(std::string(told.at("policy").as_string()), policy.version());
    const auto& rules = told.at("rules").as_array();
    ASSERT_EQ(rules.size(), 4U);
    EXPECT_EQ(rules[0].as_object().at("because"), "consult-age");
    EXPECT_EQ(rules[1].as_object().at("fits"), true);
    EXPECT_EQ(rules[1].as_object().at("per_caller_and_hour").to_number<int>(), 7);
    EXPECT_EQ(rules[3].as_object().at("decide"), "procedure");
}

}  // namespace
}  // namespace garde::admin
