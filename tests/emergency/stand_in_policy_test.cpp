// The stand-in policy as a decision table: each condition alone, the order of the rules, what the decisions
// themselves need, and what always holds behind them.
#include "garde/emergency/stand_in_policy.hpp"

#include <gtest/gtest.h>

#include <set>

namespace garde::emergency {
namespace {

using continuity::mode;
using namespace std::chrono_literals;

const caller::identity& pharmacy() {
    static const caller::identity one("CN=CA", "CN=Pharmacy,C=BE", {"DNS:pharmacy.example"});
    return one;
}
const caller::identity& nobody() {
    static const caller::identity one;
    return one;
}

stand_in_facts facts() {
    return {.current = mode::degraded,
            .who = pharmacy(),
            .request_type = "information",
            .consult_age = std::chrono::seconds(3600),
            .outage = 600s,
            .deferrable = true};
}

stand_in_rule rule(std::string name, stand_in_decision decide) {
    stand_in_rule out;
    out.name = std::move(name);
    out.decide = decide;
    return out;
}

stand_in_policy only(const stand_in_rule& one) {
    return stand_in_policy({one});
}

TEST(stand_in_policy, without_rules_a_kept_answer_is_given_where_there_is_one) {
    const stand_in_policy policy;
    EXPECT_EQ(policy.decide(facts()).what, stand_in_decision::cache);
    auto without = facts();
    without.consult_age.reset();
    EXPECT_EQ(policy.decide(without).what, stand_in_decision::procedure);
    EXPECT_EQ(policy.decide(without).rule, "default");
}

TEST(stand_in_policy, the_first_rule_that_fits_decides) {
    auto old = rule("old", stand_in_decision::procedure);
    old.consult_older = 30min;
    const stand_in_policy policy({old, rule("keep", stand_in_decision::defer)});
    EXPECT_EQ(policy.decide(facts()).rule, "old");
    EXPECT_EQ(policy.decide(facts()).place, 0U);
    auto young = facts();
    young.consult_age = 60s;
    EXPECT_EQ(policy.decide(young).rule, "keep");
    EXPECT_EQ(policy.decide(young).what, stand_in_decision::defer);
}

TEST(stand_in_policy, a_rule_for_one_mode_leaves_the_other_alone) {
    auto one = rule("ordered", stand_in_decision::defer);
    one.mode = mode::emergency;
    EXPECT_EQ(stand_in_policy::compare(one, facts()), mismatch::mode);
    auto ordered = facts();
    ordered.current = mode::emergency;
    EXPECT_EQ(stand_in_policy::compare(one, ordered), mismatch::none);
}

TEST(stand_in_policy, nothing_is_served_from_the_cache_in_mode_emergency) {
    auto ordered = facts();
    ordered.current = mode::emergency;
    EXPECT_EQ(stand_in_policy::compare(rule("kept", stand_in_decision::cache), ordered), mismatch::mode);
    EXPECT_EQ(only(rule("kept", stand_in_decision::cache)).decide(ordered).what,
              stand_in_decision::procedure);
}

TEST(stand_in_policy, a_rule_for_some_callers_is_for_nobody_else) {
    auto one = rule("some", stand_in_decision::procedure);
    one.callers = {*caller::pattern::parse("DNS:other.example"),
                   *caller::pattern::parse("DNS:pharmacy.example")};
    EXPECT_EQ(stand_in_policy::compare(one, facts()), mismatch::none);
    one.callers.pop_back();
    EXPECT_EQ(stand_in_policy::compare(one, facts()), mismatch::caller);
    one.callers = {*caller::pattern::parse("*")};
    const stand_in_facts unverified{
        .current = mode::degraded, .who = nobody(), .request_type = {}, .consult_age = {}};
    EXPECT_EQ(stand_in_policy::compare(one, unverified), mismatch::caller);
}

TEST(stand_in_policy, a_rule_for_some_types_of_request) {
    auto one = rule("invoices", stand_in_decision::procedure);
    one.request_types = {"invoicing"};
    EXPECT_EQ(stand_in_policy::compare(one, facts()), mismatch::request_type);
    one.request_types.emplace_back("information");
    EXPECT_EQ(stand_in_policy::compare(one, facts()), mismatch::none);
    auto unknown = facts();
    unknown.request_type = "";
    EXPECT_EQ(stand_in_policy::compare(one, unknown), mismatch::request_type);
}

TEST(stand_in_policy, ages_count_from_their_bound_on) {
    auto younger = rule("younger", stand_in_decision::cache);
    younger.consult_younger = 3600s;
    auto older = rule("older", stand_in_decision::cache);
    older.consult_older = 3600s;
    EXPECT_EQ(stand_in_policy::compare(younger, facts()), mismatch::consult_age);
    EXPECT_EQ(stand_in_policy::compare(older, facts()), mismatch::none);
    auto less = facts();
    less.consult_age = 3599s;
    EXPECT_EQ(stand_in_policy::compare(younger, less), mismatch::none);
    EXPECT_EQ(stand_in_policy::compare(older, less), mismatch::consult_age);
    less.consult_age.reset();
    EXPECT_EQ(stand_in_policy::compare(younger, less), mismatch::no_consult);
}

TEST(stand_in_policy, outages_count_from_their_bound_on) {
    auto shorter = rule("shorter", stand_in_decision::procedure);
    shorter.outage_shorter = 600s;
    auto longer = rule("longer", stand_in_decision::procedure);
    longer.outage_longer = 600s;
    EXPECT_EQ(stand_in_policy::compare(shorter, facts()), mismatch::outage);
    EXPECT_EQ(stand_in_policy::compare(longer, facts()), mismatch::none);
    auto earlier = facts();
    earlier.outage = 599s;
    EXPECT_EQ(stand_in_policy::compare(shorter, earlier), mismatch::none);
    EXPECT_EQ(stand_in_policy::compare(longer, earlier), mismatch::outage);
}

TEST(stand_in_policy, a_request_that_may_not_be_kept_is_not) {
    auto forbidden = facts();
    forbidden.deferrable = false;
    EXPECT_EQ(stand_in_policy::compare(rule("keep", stand_in_decision::defer), facts()), mismatch::none);
    EXPECT_EQ(stand_in_policy::compare(rule("keep", stand_in_decision::defer), forbidden),
              mismatch::not_deferrable);
}

TEST(stand_in_policy, a_rule_may_take_kept_answers_away) {
    auto none = rule("nothing old in the first hour", stand_in_decision::procedure);
    none.consult_older = 60s;
    none.outage_shorter = 3600s;
    EXPECT_EQ(only(none).decide(facts()).what, stand_in_decision::procedure);
    auto later = facts();
    later.outage = 3600s;
    EXPECT_EQ(only(none).decide(later).what, stand_in_decision::cache);
}

/// Each rule differs from the first in one thing.
TEST(stand_in_policy, its_version_changes_with_each_part_of_a_rule) {
    std::vector<stand_in_rule> all(1, rule("a", stand_in_decision::procedure));
    const auto another = [&all]() -> stand_in_rule& {
        return all.emplace_back(rule("a", stand_in_decision::procedure));
    };
    another().name = "b";
    another().decide = stand_in_decision::defer;
    another().mode = mode::degraded;
    another().callers = {*caller::pattern::parse("*")};
    another().request_types = {"information"};
    another().consult_younger = 1s;
    another().consult_older = 1s;
    another().outage_shorter = 1s;
    another().outage_longer = 1s;
    another().limits.of_all = 1;
    another().limits.per_caller = 1;
    std::set<std::string> versions{stand_in_policy().version()};
    for (const auto& one : all) {
        EXPECT_EQ(only(one).version(), only(one).version());
        versions.insert(only(one).version());
    }
    EXPECT_EQ(versions.size(), all.size() + 1);
    EXPECT_EQ(versions.begin()->size(), 12U);
}

TEST(stand_in_policy, two_rules_are_another_policy_than_one_with_both_names) {
    const stand_in_policy one({rule("a", stand_in_decision::cache), rule("b", stand_in_decision::cache)});
    const stand_in_policy other({rule("b", stand_in_decision::cache), rule("a", stand_in_decision::cache)});
    EXPECT_NE(one.version(), other.version());
}

}  // namespace
}  // namespace garde::emergency
