// What operators are told.
#include "../../src/admin/answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>

namespace garde::admin {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class answers_test : public testing::Test {
  protected:
    answers_test() {
        settings_.name = "consult";
        settings_.title = {{"fr", "Droits"}};
        settings_.backends.resize(2);
        settings_.backends[0].name = "north";
        settings_.backends[0].role = config::backend_role::primary;
        settings_.backends[0].domains = {{"site", "hall-1"}, {"storage", "san-1"}};
        settings_.backends[1].name = "south";
        settings_.backends[1].role = config::backend_role::backup;
        services_.resize(1);
        services_[0].settings = &settings_;
        view_.at = at_;
        auto& service = view_.services.emplace_back();
        service.name = "consult";
        service.current = continuity::mode::backup;
        service.active_backend = "south";
        service.since = at_ - seconds(10);
        service.backends = {{.name = "north",
                             .state = continuity::verdict::down,
                             .since = at_ - seconds(12),
                             .last_reason = continuity::reason::timed_out},
                            {.name = "south",
                             .state = continuity::verdict::up,
                             .since = at_ - seconds(99),
                             .last_reason = continuity::reason::none}};
    }

    [[nodiscard]] json::object service() const {
        const auto document = service_document(services_, view_, "consult");
        EXPECT_TRUE(document.has_value());
        return json::parse(document.value_or("{}")).as_object();
    }

    const wall_time at_ = *parse_rfc3339("2030-05-06T07:08:30Z");
    config::service_settings settings_;
    std::vector<proxy::service_site> services_;
    control::view view_;
};

TEST_F(answers_test, AServiceIsTold) {
    const auto told = service();
    EXPECT_EQ(told.at("name"), "consult");
    EXPECT_EQ(told.at("title").as_object().at("fr"), "Droits");
    EXPECT_EQ(told.at("mode"), "backup");
    EXPECT_EQ(told.at("active_backend"), "south");
    EXPECT_EQ(told.at("since"), "2030-05-06T07:08:20.000Z");
    EXPECT_EQ(told.at("recorded"), "durable");
    EXPECT_EQ(told.at("procedure_active"), false);
    EXPECT_TRUE(told.at("override").is_null());
}

TEST_F(answers_test, EachBackendIsToldWithVerdictAndFaultDomains) {
    const auto told = service();
    const auto& backends = told.at("backends").as_array();
    ASSERT_EQ(backends.size(), 2U);
    const auto& north = backends[0].as_object();
    EXPECT_EQ(north.at("name"), "north");
    EXPECT_EQ(north.at("role"), "primary");
    EXPECT_EQ(north.at("verdict"), "down");
    EXPECT_EQ(north.at("since"), "2030-05-06T07:08:18.000Z");
    EXPECT_EQ(north.at("last_reason"), "timed-out");
    EXPECT_EQ(north.at("domains").as_object().at("storage"), "san-1");
    EXPECT_EQ(backends[1].as_object().at("role"), "backup");
    EXPECT_EQ(backends[1].as_object().at("verdict"), "up");
}

TEST_F(answers_test, AnOverrideIsToldWithWhoAndWhy) {
    view_.services[0].order = control::override_view{.pinned = continuity::override_mode::transparent,
                                                     .strict = true,
                                                     .by = "anne",
                                                     .reason = "rehearsal",
                                                     .since = at_,
                                                     .until = at_ + seconds(60)};
    auto told = service().at("override").as_object();
    EXPECT_EQ(told.at("mode"), "transparent");
    EXPECT_EQ(told.at("strict"), true);
    EXPECT_EQ(told.at("by"), "anne");
    EXPECT_EQ(told.at("reason"), "rehearsal");
    EXPECT_EQ(told.at("since"), "2030-05-06T07:08:30.000Z");
    EXPECT_EQ(told.at("until"), "2030-05-06T07:09:30.000Z");
    view_.services[0].order->until.reset();
    told = service().at("override").as_object();
    EXPECT_TRUE(told.at("until").is_null());
}

TEST_F(answers_test, WithoutBackendNoneIsActive) {
    view_.services[0].current = continuity::mode::degraded;
    view_.services[0].active_backend.clear();
    EXPECT_TRUE(service().at("active_backend").is_null());
}

TEST_F(answers_test, TheProcedureIsToldAsItIsWhateverTheMode) {
    view_.services[0].procedure_active = true;
    EXPECT_EQ(service().at("procedure_active"), true);
    view_.services[0].current = continuity::mode::degraded;
    view_.services[0].procedure_active = false;
    EXPECT_EQ(service().at("procedure_active"), false);
}

TEST_F(answers_test, ASwitchoverThatIsNotYetDurableIsMarked) {
    view_.services[0].recorded = control::durability::not_yet_durable;
    EXPECT_EQ(service().at("recorded"), "not-yet-durable");
}

TEST_F(answers_test, AllServicesComeWithTheJournalsState) {
    view_.journal_failing = true;
    const auto told = json::parse(services_document(services_, view_)).as_object();
    EXPECT_EQ(told.at("at"), "2030-05-06T07:08:30.000Z");
    EXPECT_EQ(told.at("journal_failing"), true);
    EXPECT_EQ(told.at("cut_off"), false);
    EXPECT_EQ(told.at("services").as_array().size(), 1U);
    EXPECT_EQ(told.at("services").as_array()[0].as_object(), service());
}

TEST_F(answers_test, ANodeThatIsCutOffSaysSo) {
    view_.cut_off = true;
    EXPECT_EQ(json::parse(services_document(services_, view_)).as_object().at("cut_off"), true);
}

TEST_F(answers_test, AnotherNameIsNoService) {
    EXPECT_FALSE(service_document(services_, view_, "consul").has_value());
}

TEST_F(answers_test, AStoredOrderHasNoWarning) {
    const control::mode_request order{.service = "consult",
                                      .pinned = continuity::override_mode::emergency,
                                      .by = "anne",
                                      .reason = "r",
                                      .until = std::nullopt};
    const auto told = json::parse(order_document(order, {.stored = true, .store_error = {}})).as_object();
    EXPECT_EQ(told, (json::object{
                        {"service", "consult"}, {"mode", "emergency"}, {"by", "anne"}, {"stored", true}}));
}

TEST_F(answers_test, AnOrderThatIsNotStoredSaysWhatThatMeans) {
    const control::mode_request order{
        .service = "consult", .pinned = std::nullopt, .by = "anne", .reason = "r", .until = std::nullopt};
    const auto told =
        json::parse(order_document(order, {.stored = false, .store_error = "disk full"})).as_object();
    EXPECT_EQ(told.at("mode"), "automatic");
    EXPECT_EQ(told.at("stored"), false);
    EXPECT_THAT(std::string(told.at("warning").as_string()), HasSubstr("restart"));
    EXPECT_THAT(std::string(told.at("warning").as_string()), HasSubstr("disk full"));
}

TEST(reload_answers, WhatWasAdoptedIsNamed) {
    const auto told =
        json::parse(reload_document({.former = "aa", .now = "bb", .problems = {}}, "anne")).as_object();
    EXPECT_EQ(told, (json::object{{"configuration", "bb"},
                                  {"former_configuration", "aa"},
                                  {"by", "anne"},
                                  {"problems", json::array{}}}));
}

TEST(reload_answers, ARefusalListsEveryProblem) {
    const config::problem error{config::problem::severity::error, "/etc/g.toml", 7, "is wrong", "write this"};
    const config::problem warning{config::problem::severity::warning, "/etc/g.toml", 8, "is odd",
                                  "write that"};
    const auto reply = reload_refusal({.became = reload_result::verdict::refused,
                                       .former = "aa",
                                       .now = "bb",
                                       .problems = {error, warning}});
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(reply.content_type, "application/problem+json");
    const auto told = json::parse(reply.body).as_object();
    EXPECT_EQ(told.at("status"), 422);
    EXPECT_THAT(std::string(told.at("detail").as_string()), HasSubstr("1 errors"));
    const auto& problems = told.at("problems").as_array();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0].as_object(), (json::object{{"level", "error"},
                                                     {"file", "/etc/g.toml"},
                                                     {"line", 7},
                                                     {"what", "is wrong"},
                                                     {"instead", "write this"}}));
    EXPECT_EQ(problems[1].at("level"), "warning");
}

TEST(reload_answers, WhoComesAtABadTimeIsToldWhenToComeAgain) {
    const auto reply =
        reload_refusal({.became = reload_result::verdict::busy, .former = "aa", .now = {}, .problems = {}});
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.fields.back().name, "Retry-After");
}

TEST_F(answers_test, TheJournalIsToldWithAllPlaces) {
    view_.journal_failing = true;
    journal::checkpoint_state state{.head = journal::tree_head{.size = 12, .root = {}},
                                    .verifier_key = "n+h+k",
                                    .places = {},
                                    .overflow_sent = 3,
                                    .overflow_dropped = 1};
    state.places = {
        {.name = "file", .pushed_size = 12, .pushed_at = at_, .failing_since = {}, .why = {}},
        {.name = "syslog", .pushed_size = 0, .pushed_at = {}, .failing_since = at_, .why = "no such host"}};
    const auto told = json::parse(journal_document(state, view_)).as_object();
    EXPECT_EQ(told.at("at"), "2030-05-06T07:08:30.000Z");
    EXPECT_EQ(told.at("failing"), true);
    EXPECT_EQ(told.at("size"), 12);
    EXPECT_EQ(told.at("root"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    EXPECT_EQ(told.at("verifier_key"), "n+h+k");
    EXPECT_EQ(told.at("overflow"), (json::object{{"sent", 3}, {"dropped", 1}}));
    ASSERT_EQ(told.at("sinks").as_array().size(), 2U);
    EXPECT_EQ(told.at("sinks").at(0), (json::object{{"sink", "file"},
                                                    {"pushed_size", 12},
                                                    {"pushed_at", "2030-05-06T07:08:30.000Z"},
                                                    {"failing_since", nullptr},
                                                    {"why", nullptr}}));
    EXPECT_EQ(told.at("sinks").at(1), (json::object{{"sink", "syslog"},
                                                    {"pushed_size", 0},
                                                    {"pushed_at", nullptr},
                                                    {"failing_since", "2030-05-06T07:08:30.000Z"},
                                                    {"why", "no such host"}}));
}

TEST_F(answers_test, AJournalThatWasNotWrittenToAndIsNotSignedSaysSo) {
    const auto told = json::parse(journal_document({}, view_)).as_object();
    for (const auto* key : {"size", "root", "verifier_key"}) EXPECT_TRUE(told.at(key).is_null()) << key;
    EXPECT_TRUE(told.at("sinks").as_array().empty());
}

}  // namespace
}  // namespace garde::admin
