// [assertions], [[caller]], [[group]] and the callers of cached routes: what is read, what is refused, and
// what it means in words.
#include "garde/config/explain.hpp"

#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string assertions =
    "[assertions]\nissuers = \"backend-ca.pem\"\nprovider_attributes = [\"urn:nihii\"]\nskew = \"2m\"\n";

/// The good configuration with `addition` before its service.
std::string with(const std::string& addition) {
    return changed("[[service]]\n", addition + "\n[[service]]\n");
}

std::string with_callers(const std::string& addition, const std::string& cached_callers) {
    return changed(with(addition), "cached_callers = [\"*\"]", "cached_callers = " + cached_callers);
}

const caller::identity by_certificate("CN=CA", "CN=old", {});
const caller::identity by_assertion(caller::asserted_name{"urn:sts", "one", "", ""},
                                    {{"urn:profile", "pharmacy"}});

TEST(callers, assertions_are_not_looked_at_by_default) {
    const workspace here;
    EXPECT_FALSE(here.load_good(good_config())->callers->assertions);
}

TEST(callers, assertions_with_their_rules) {
    const workspace here;
    const auto got = here.load_good(with(assertions));
    ASSERT_TRUE(got && got->callers->assertions);
    EXPECT_EQ(got->callers->assertions->issuers.size(), 1U);
    EXPECT_EQ(got->callers->assertions->skew, 120s);
    EXPECT_THAT(got->callers->assertions->provider_attributes, ElementsAre("urn:nihii"));
}

TEST(callers, assertions_without_what_they_need) {
    const workspace here;
    const auto text = with("[assertions]\nissuers = \"backend-ca.pem\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "[assertions]"), "names no attribute", "NIHII number")));
    const auto odd =
        with("[assertions]\nissuers = \"receipts.key\"\nprovider_attributes = [\"urn:nihii\"]\n");
    EXPECT_THAT(here.problems_of(odd),
                ElementsAre(error_at(line_of(odd, "issuers"), "holds no certificate", "")));
}

TEST(callers, several_names_of_one_caller) {
    const workspace here;
    const auto got =
        here.load_good(with("[[caller]]\nname = \"one\"\nknown_as = [\"CN=old\", "
                            "\"CN=new\"]\n[[caller]]\nname = \"two\"\nknown_as = "
                            "[\"CN=two\"]\n"));
    ASSERT_TRUE(got);
    const auto& known = got->callers->known;
    EXPECT_EQ(known.recognise(by_certificate), known.recognise(caller::identity("CN=CA", "CN=new", {})));
    EXPECT_NE(known.recognise(by_certificate), known.recognise(caller::identity("CN=CA", "CN=two", {})));
}

TEST(callers, a_name_for_several_callers) {
    const workspace here;
    const auto text = with("[[caller]]\nname = \"one\"\nknown_as = [\"CA:CN=CA\"]\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "known_as"), "may be several callers", "[[group]]")));
}

TEST(callers, a_certificate_of_two_callers) {
    const workspace here;
    const auto text = with(
        "[[caller]]\nname = \"one\"\nknown_as = [\"CN=a\"]\n[[caller]]\nname = \"two\"\nknown_as = "
        "[\"CN=b\", \"CN=a\"]\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "known_as = [\"CN=b\""),
                                     "\"CN=a\", which is \"one\" already", "remove")));
}

TEST(callers, a_name_that_is_there_twice) {
    const workspace here;
    const auto text = with(
        "[[group]]\nname = \"one\"\nmembers = [\"CN=a\"]\n[[group]]\nname = \"one\" # again\nmembers = "
        "[\"CN=b\"]\n");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "\"one\" # again"),
                                                             "is there twice", "a name of its own")));
}

TEST(callers, a_group_of_nobody) {
    const workspace here;
    const auto text = with("[[group]]\nname = \"one\"\nmembers = []\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "members"), "names nobody", "members =")));
}

TEST(callers, a_group_stands_for_its_members) {
    const workspace here;
    const auto got = here.load_good(
        with_callers(assertions + "[[group]]\nname = \"them\"\nmembers = [\"CN=old\", \"issuer:urn:sts\"]\n",
                     "[\"group:them\"]"));
    ASSERT_TRUE(got);
    EXPECT_TRUE(caller::any_matches(*got->services[0].routes[0].cached_callers, by_certificate));
    EXPECT_TRUE(caller::any_matches(*got->services[0].routes[0].cached_callers, by_assertion));
}

TEST(callers, a_group_that_is_not_there) {
    const workspace here;
    const auto text = with_callers("", "[\"group:them\"]");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "group:them"), "no such group", "[[group]]")));
}

TEST(callers, a_pattern_for_what_nobody_can_show) {
    const workspace here;
    const auto text = with_callers("", "[\"issuer:urn:sts\"]");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "issuer:urn:sts"),
                                                             "nothing here can show", "add [assertions]")));
    const auto other = changed(with_callers(assertions, "[\"CN=old\"]"), "client_ca = \"client-ca.pem\"",
                               "clients = \"off\"");
    EXPECT_THAT(here.problems_of(other),
                ElementsAre(error_at(line_of(other, "\"CN=old\""), "nothing here can show",
                                     "clients = \"optional\"")));
}

TEST(callers, assertions_alone_are_enough_for_cached_answers) {
    const workspace here;
    EXPECT_TRUE(
        here.load_good(changed(with(assertions), "client_ca = \"client-ca.pem\"", "clients = \"off\"")));
}

// --- limits of single callers and of groups ---

std::string limited(const std::string& caller, const std::string& group) {
    return with("[[caller]]\nname = \"one\"\n" + caller + "\n[[group]]\nname = \"them\"\n" + group + "\n");
}

const std::string no_limits = "known_as = [\"CN=old\"]";
const std::string no_group_limits = "members = [\"CA:CN=CA\"]";

TEST(caller_limits, of_callers_and_groups) {
    const workspace here;
    const auto got = here.load_good(limited("known_as = [\"CN=old\"]\nrequests = 1",
                                            "members = [\"CA:CN=CA\"]\nconnections = 4\nrequests = 7"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->callers->limits_of(by_certificate), (caller::caller_limits{4, 1}));
    EXPECT_EQ(got->callers->limits_of(caller::identity("CN=CA", "CN=new", {})),
              (caller::caller_limits{4, 7}));
    EXPECT_FALSE(
        here.load_good(limited(no_limits, no_group_limits))->callers->limits_of(by_certificate).any());
}

TEST(caller_limits, groups_are_tried_in_the_order_of_the_file) {
    const workspace here;
    const auto got = here.load_good(
        with("[[group]]\nname = \"z\"\nmembers = [\"*\"]\nrequests = 1\n[[group]]\nname = \"a\"\nmembers = "
             "[\"*\"]\nrequests = 2\n"));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->callers->limits_of(by_certificate).requests, 1U);
}

TEST(caller_limits, that_are_none) {
    const workspace here;
    for (const std::string wrong : {"requests = 0", "connections = 1000001", "requests = \"many\""}) {
        const auto text = limited("known_as = [\"CN=old\"]\n" + wrong, no_group_limits);
        EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, wrong), "\"one\"", "")));
    }
}

TEST(caller_limits, over_those_of_all_together) {
    const workspace here;
    const auto text = changed(limited(no_limits, "members = [\"CA:CN=CA\"]\nconnections = 11"), "[limits]\n",
                              "[limits]\nconnections = 10\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "connections = 11"),
                                     "= 11 is more than [limits] connections = 10", "up to 10")));
}

TEST(caller_limits, of_a_group_that_only_assertions_can_match) {
    const workspace here;
    const auto text =
        limited(no_limits, "members = [\"issuer:urn:sts\", \"subject:one\"]\nrequests = 2 # here") +
        assertions;
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "# here"), "holds for nobody", "by their certificates")));
}

TEST(caller_limits, of_a_group_some_of_which_only_assertions_can_match) {
    const workspace here;
    const auto text =
        limited(no_limits, "members = [\"CN=two\", \"issuer:urn:sts\"]\nrequests = 2 # here") + assertions;
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(warning_at(line_of(text, "# here"), "does not hold for \"issuer:urn:sts\"",
                                       "a table without limits")));
    EXPECT_TRUE(load(here.config())) << "a warning stops nothing";
}

TEST(caller_limits, of_a_caller_whom_only_assertions_can_show) {
    const workspace here;
    const auto text =
        limited("known_as = [\"subject:one\"]\nconnections = 2 # here", no_group_limits) + assertions;
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "# here"), "holds for nobody", "by their certificates")));
}

TEST(caller_limits, where_nobody_can_show_a_certificate) {
    const workspace here;
    auto text = changed(limited(no_limits, "members = [\"*\"]\nrequests = 2 # here") + assertions,
                        "client_ca = \"client-ca.pem\"", "clients = \"off\"");
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, "# here"), "clients is \"off\"",
                                                             "clients = \"optional\"")));
}

TEST(caller_limits, in_words) {
    const workspace here;
    const auto text = limited("known_as = [\"CN=old\"]\nrequests = 1",
                              "members = [\"CA:CN=CA\", \"CN=two\"]\nconnections = 4\nrequests = 7");
    EXPECT_EQ(caller_limits_text(
                  *here.load_good(changed(text, "[limits]\n", "[limits]\nrequests_per_caller = 5\n"))),
              "at a time, by certificate; what one does not say, the next that fits does:\n"
              "  - caller \"one\" (the certificate CN=old): 1 request\n"
              "  - each of group \"them\" (every certificate issued by CN=CA; the certificate CN=two): 4 "
              "connections, 7 requests\n"
              "  - everybody, by certificate or address: as many connections as the machine can bear, 5 "
              "requests\n");
    EXPECT_EQ(caller_limits_text(*here.load_good(good_config())), "") << "nothing to say";
}

// --- in words ---

TEST(cached_answers_in_words, say_who_and_what_that_demands) {
    const workspace here;
    const auto got = here.load_good(with_callers(assertions, "[\"CN=old\", \"issuer:urn:sts\"]"));
    ASSERT_TRUE(got);
    const auto text = cached_answers_text(*got);
    EXPECT_THAT(
        text,
        HasSubstr("cached answers on /Insurability/v2 (assurability), when no backend answers; an answer "
                  "of less than 30 days, may go to\n  - the certificate CN=old\n  - every assertion "
                  "issued by urn:sts\n"));
    EXPECT_THAT(text, HasSubstr("their software must be able to cope with this:\n  - "));
    EXPECT_THAT(text, HasSubstr("Garde-Mode: degraded"));
}

TEST(cached_answers_in_words, say_how_callers_show_who_they_are) {
    const workspace here;
    EXPECT_THAT(cached_answers_text(*here.load_good(good_config())),
                HasSubstr("shows who it is by a client certificate\n"));
    const auto signers = changed(with(assertions), "client_ca = \"client-ca.pem\"", "clients = \"off\"");
    EXPECT_THAT(cached_answers_text(*here.load_good(signers)),
                HasSubstr("shows who it is by a signed message\n"));
}

TEST(cached_answers_in_words, say_when_there_are_none) {
    const workspace here;
    const auto got = here.load_good(changed("cached = true\ncached_callers = [\"*\"]\n", ""));
    ASSERT_TRUE(got);
    EXPECT_THAT(explain_cached_answers(*got), IsEmpty());
    EXPECT_THAT(cached_answers_text(*got), Not(HasSubstr("cope")));
}

}  // namespace
}  // namespace garde::config
