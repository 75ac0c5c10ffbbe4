// [[service.stand_in]], [ledger], and what routes say of deferrals: what is read, and each thing that cannot
// hold.
#include "garde/config/explain.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

#include <string>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto whole_route = R"(path = "/Insurability/v2"
deferred = "message"
deferred_callers = ["*"]
stays_valid = "3d"
idempotency_header = "Idempotency-Key"
)";

struct stand_in : testing::Test {
    workspace here;
    std::string text =
        changed("path = \"/Insurability/v2\"\n", whole_route) +
        "\n[[service.stand_in]]\nname = \"keep\"\ndecide = \"defer\"\n\n[ledger]\nkey = \"ledger.key\"\n";

    stand_in() { here.write("ledger.key", std::string(64, 'a')); }

    void with_rule(const std::string& rule) {
        text = changed(text, "[[service.route]]", "[[service.stand_in]]\n" + rule + "\n[[service.route]]");
    }
    void with(const std::string& old_text, const std::string& new_text) {
        text = changed(text, old_text, new_text);
    }
    void expect_error(const std::string& in_line, const std::string& what, const std::string& instead) const {
        EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, in_line), what, instead)));
    }
};

TEST_F(stand_in, without_any_nothing_is_kept_and_no_rule_decides) {
    const auto found = here.load_good(good_config());
    EXPECT_FALSE(found->ledger);
    EXPECT_THAT(found->services[0].stand_in, IsEmpty());
    EXPECT_EQ(found->services[0].routes[0].deferred, deferral::none);
}

TEST_F(stand_in, a_route_says_whose_requests_are_kept_and_for_how_long) {
    const auto found = here.load_good(text);
    ASSERT_TRUE(found);
    ASSERT_TRUE(found->ledger);
    EXPECT_EQ(found->ledger->keys, std::vector{secret_string(std::string(32, '\xaa'))});
    const auto& route = found->services[0].routes[0];
    EXPECT_EQ(route.deferred, deferral::message);
    EXPECT_THAT(*route.deferred_callers, SizeIs(1));
    EXPECT_EQ(route.stays_valid, 3 * 24h);
    EXPECT_EQ(route.idempotency_header, "Idempotency-Key");
}

TEST_F(stand_in, a_rule_has_all_its_conditions) {
    with_rule(R"(name = "some"
decide = "defer"
mode = "degraded"
callers = ["DNS:a.test"]
request_types = ["invoicing"]
consult_younger = "7d"
consult_older = "1d"
outage_shorter = "4h"
outage_longer = "30m"
per_hour = 1000
per_caller_and_hour = 10
)");
    const auto found = here.load_good(text);
    ASSERT_TRUE(found);
    ASSERT_THAT(found->services[0].stand_in, SizeIs(2));
    const auto& rule = found->services[0].stand_in[0];
    EXPECT_EQ(rule.name, "some");
    EXPECT_EQ(rule.decide, stand_in_decision::defer);
    EXPECT_EQ(rule.mode, continuity::mode::degraded);
    EXPECT_EQ(rule.callers[0].text(), "DNS:a.test");
    EXPECT_THAT(rule.request_types, ElementsAre("invoicing"));
    EXPECT_EQ(rule.consult_younger, 7 * 24h);
    EXPECT_EQ(rule.consult_older, 24h);
    EXPECT_EQ(rule.outage_shorter, 4h);
    EXPECT_EQ(rule.outage_longer, 30min);
    EXPECT_EQ(rule.limits, (hourly_limits{.of_all = 1000, .per_caller = 10}));
}

TEST_F(stand_in, what_is_not_said_does_not_matter) {
    with_rule("name = \"all\"\ndecide = \"procedure\"\n");
    const auto found = here.load_good(text);
    ASSERT_TRUE(found);
    stand_in_rule bare;
    bare.name = "all";
    EXPECT_EQ(found->services[0].stand_in[0], bare);
}

TEST_F(stand_in, rules_stay_in_their_order_and_have_names_of_their_own) {
    with_rule(
        "name = \"b\"\ndecide = \"cache\"\n[[service.stand_in]]\nname = \"a\"\ndecide = \"procedure\"\n");
    const auto found = here.load_good(text);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->services[0].stand_in[0].name, "b");
    EXPECT_EQ(found->services[0].stand_in[1].name, "a");
    with("name = \"b\"", "name = \"a\"");
    EXPECT_THAT(here.problems_of(text),
                Contains(error_at(line_of(text, "name = \"a\"\ndecide = \"procedure\""), "is there twice",
                                  "a name of its own")));
}

TEST_F(stand_in, a_rule_must_decide) {
    with_rule("name = \"a\"\n");
    expect_error("[[service.stand_in]]", "decide", "cache");
}

TEST_F(stand_in, the_name_of_what_always_holds_is_taken) {
    with_rule("name = \"default\"\ndecide = \"procedure\"\n");
    expect_error("name = \"default\"", "what holds when no rule fits", "another name");
}

TEST_F(stand_in, nothing_is_older_than_it_is_young) {
    with_rule("name = \"a\"\ndecide = \"procedure\"\nconsult_older = \"2d\"\nconsult_younger = \"2d\"\n");
    expect_error("consult_older", "leave nothing between them", "a shorter consult_older");
}

TEST_F(stand_in, no_outage_is_longer_than_it_is_short) {
    with_rule("name = \"a\"\ndecide = \"procedure\"\noutage_longer = \"2h\"\noutage_shorter = \"1h\"\n");
    expect_error("outage_longer", "leave nothing between them", "a shorter outage_longer");
}

TEST_F(stand_in, mode_emergency_has_no_kept_answers) {
    with_rule("name = \"a\"\ndecide = \"cache\"\nmode = \"emergency\"\n");
    expect_error("mode = \"emergency\"", "no kept answers", "degraded");
}

TEST_F(stand_in, the_procedure_itself_has_no_limit) {
    with_rule("name = \"a\"\ndecide = \"procedure\"\nper_caller_and_hour = 3\n");
    expect_error("per_caller_and_hour", "limits the procedure", "remove it");
}

TEST_F(stand_in, a_route_alone_keeps_nothing) {
    with("\n[[service.stand_in]]\nname = \"keep\"\ndecide = \"defer\"\n", "");
    EXPECT_THAT(here.problems_of(text), ElementsAre(warning_at(line_of(text, "[[service]]"),
                                                               "no rule decides so", "decide = \"defer\"")));
    EXPECT_THAT(explain_deferrals(*here.load_good(text)), IsEmpty());
}

TEST_F(stand_in, whose_requests_are_kept_is_said_in_words) {
    const auto all = here.load_good(text);
    ASSERT_TRUE(all);
    EXPECT_THAT(deferrals_text(*all),
                testing::AllOf(testing::HasSubstr("/Insurability/v2 (assurability)"),
                               testing::HasSubstr("for 3 days"),
                               testing::HasSubstr("asked again (a second time where nobody knows"),
                               testing::HasSubstr("  - every caller who shows who it is")));
    EXPECT_EQ(deferrals_text(*here.load_good(good_config())), "");
}

TEST_F(stand_in, deferring_needs_a_route_that_keeps_requests) {
    with_rule("name = \"a\"\ndecide = \"defer\"\n");
    with(whole_route, "path = \"/Insurability/v2\"\n");
    EXPECT_THAT(here.problems_of(text), Contains(error_at(line_of(text, "decide = \"defer\""),
                                                          "no route of this service", "deferred = ")));
}

TEST_F(stand_in, a_group_that_is_not_there) {
    with_rule("name = \"a\"\ndecide = \"procedure\"\ncallers = [\"group:none\"]\n");
    expect_error("callers = [\"group:none\"]", "there is no such group", "[[group]]");
}

TEST_F(stand_in, keeping_needs_a_ledger) {
    with("\n[ledger]\nkey = \"ledger.key\"\n", "");
    expect_error("deferred = ", "has nowhere to keep requests", "[ledger]");
}

TEST_F(stand_in, keeping_needs_somebody_and_a_time) {
    with("deferred_callers = [\"*\"]\nstays_valid = \"3d\"\n", "");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "deferred = "), "names no caller", "deferred_callers"),
                            error_at(line_of(text, "deferred = "), "how long", "stays_valid")));
}

TEST_F(stand_in, who_cannot_show_who_he_is_has_nothing_kept) {
    with("deferred_callers = [\"*\"]", "deferred_callers = [\"issuer:sts\"]");
    expect_error("deferred_callers", "nothing here can show who that is", "[assertions]");
}

TEST_F(stand_in, settings_of_a_deferral_without_one) {
    with("deferred = \"message\"\n", "");
    EXPECT_THAT(here.problems_of(text), SizeIs(5)) << "three settings, a rule and a ledger without a use";
}

TEST_F(stand_in, a_header_must_be_one) {
    with("\"Idempotency-Key\"", "\"Idempotency Key\"");
    expect_error("idempotency_header", "is no name of a header", "Idempotency-Key");
}

TEST_F(stand_in, a_reference_is_never_sent) {
    with("deferred = \"message\"", "deferred = \"reference\"");
    expect_error("idempotency_header", "garde does not ask again", "message");
}

TEST_F(stand_in, a_ledger_without_use_is_a_warning) {
    text = good_config() + "\n[ledger]\nkey = \"ledger.key\"\n";
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "[ledger]"), "no route keeps requests", "deferred")));
}

TEST_F(stand_in, a_running_garde_keeps_its_ledger) {
    const auto running = here.load_good(text);
    const auto without = here.load_good(good_config());
    ASSERT_TRUE(running && without);
    EXPECT_THAT(check_reload(*running, *running), IsEmpty());
    EXPECT_THAT(check_reload(*running, *without), ElementsAre(error_at(0, "[ledger]", "take over")));
    here.write("ledger.key", std::string(64, 'b'));
    const auto other = here.load_good(text);
    EXPECT_THAT(check_reload(*running, *other),
                ElementsAre(error_at(line_of(text, "[ledger]"), "[ledger] key", "take over")));
}

}  // namespace
}  // namespace garde::config
