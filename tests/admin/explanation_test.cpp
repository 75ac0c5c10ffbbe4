// Why a service is in its mode, as JSON: true to the brain and to the description.
#include "../../src/admin/explanation.hpp"

#include "../../src/admin/openapi.hpp"
#include "explaining.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace garde::admin {
namespace {

namespace json = boost::json;
using continuity::override_mode;

class explanation_test : public explaining {
  protected:
    [[nodiscard]] json::object told() const {
        return json::parse(explanation_document(explained())).as_object();
    }
    static json::object schema(std::string_view name) {
        const auto text = openapi_document();
        const auto all = json::parse(json::string_view(text.data(), text.size())).as_object();
        return all.at("components").as_object().at("schemas").as_object().at(name).as_object();
    }
    /// All that the schema names, all of it required, and nothing else.
    static void expect_described(const json::object& what, std::string_view as) {
        const json::object of = schema(as);
        const auto& properties = of.at("properties").as_object();
        EXPECT_EQ(of.at("required").as_array().size(), properties.size()) << as;
        for (const auto& one : properties) EXPECT_TRUE(what.contains(one.key())) << as << ' ' << one.key();
        for (const auto& one : what) EXPECT_TRUE(properties.contains(one.key())) << as << ' ' << one.key();
    }
    /// dc1 fails three probes at 09:12:05, after six requests of six callers.
    void fall_to_backup() {
        all_up();
        wait(4s);
        loses_requests(dc1, 2);
        wait(1s);
        fails(dc1);
    }
};

TEST_F(explanation_test, a_mode_is_told_with_what_brought_it) {
    fall_to_backup();
    wait(2s);
    const auto of = told();
    EXPECT_EQ(of.at("service"), "consult");
    EXPECT_EQ(of.at("at"), "2030-05-06T09:12:07.000Z");
    EXPECT_EQ(of.at("mode"), "backup");
    EXPECT_EQ(of.at("active_backend"), "dc2");
    EXPECT_EQ(of.at("since"), "2030-05-06T09:12:05.000Z");
    EXPECT_TRUE(of.at("override").is_null());
    const auto& last = of.at("last_switchover").as_object();
    EXPECT_EQ(last.at("from"), "primary");
    EXPECT_EQ(last.at("from_backend"), "dc1");
    EXPECT_EQ(last.at("to"), "backup");
    EXPECT_EQ(last.at("to_backend"), "dc2");
    EXPECT_EQ(last.at("cause"), "detection");
    EXPECT_EQ(last.at("by"), "garde");
    EXPECT_EQ(last.at("first_symptom"), "2030-05-06T09:12:04.000Z");
    EXPECT_EQ(last.at("detected"), "2030-05-06T09:12:05.000Z");
    EXPECT_EQ(last.at("decided"), "2030-05-06T09:12:05.000Z");
    EXPECT_EQ(last.at("in_effect"), "2030-05-06T09:12:07.000Z");
    EXPECT_EQ(last.at("requests_touched"), 2);
    const auto& decided = last.at("backends").as_array().at(0).as_object();
    EXPECT_EQ(decided.at("backend"), "dc1");
    EXPECT_EQ(decided.at("verdict"), "down");
    const auto& evidence = decided.at("evidence").as_object();
    EXPECT_EQ(evidence.at("failed_probes"), 3);
    EXPECT_EQ(evidence.at("failed_attempts"), 2);
    EXPECT_EQ(evidence.at("distinct_callers"), 2);
    EXPECT_EQ(evidence.at("last_reason"), "connect-failed");
}

TEST_F(explanation_test, what_is_told_is_what_is_described) {
    auto rules = usual_rules();
    for (auto& one : rules.backends) one.domains = {{"storage", "san-a"}};
    begin(rules);
    fall_to_backup();
    fails(dc2);
    const auto of = told();
    expect_described(of, "explanation");
    expect_described(of.at("last_switchover").as_object(), "switchover");
    const auto& third = of.at("backends").as_array().at(2).as_object();
    expect_described(third, "explained_backend");
    expect_described(third.at("evidence").as_object(), "evidence");
    EXPECT_EQ(third.at("doubtful"), true);
    expect_described(third.at("doubted_for").as_array().at(0).as_object(), "suspect_domain");
    EXPECT_EQ(of.at("suspect_domains").as_array().at(0).as_object().at("name"), "san-a");
}

TEST_F(explanation_test, before_anything_happened_there_is_nothing_to_tell) {
    all_up();
    const auto of = told();
    EXPECT_TRUE(of.at("last_switchover").is_null());
    EXPECT_TRUE(of.at("next_due").is_null());
    EXPECT_TRUE(of.at("canary").is_null());
    EXPECT_EQ(of.at("admitted_percent"), 100);
    EXPECT_EQ(of.at("frozen"), false);
    const auto& evidence = of.at("backends").as_array().at(0).as_object().at("evidence").as_object();
    EXPECT_EQ(evidence.at("last_reason"), "none");
    EXPECT_TRUE(evidence.at("first_symptom").is_null());
}

TEST_F(explanation_test, backends_are_told_with_what_they_need_and_what_is_due) {
    all_up();
    loses_requests(dc1, 6);
    passes(dc1);
    const auto of = told();
    const auto& first = of.at("backends").as_array().at(0).as_object();
    EXPECT_EQ(first.at("verdict"), "recovering");
    EXPECT_EQ(first.at("needs_trial"), true);
    EXPECT_EQ(first.at("trials_passed"), 0);
    EXPECT_EQ(first.at("trials_wanted"), 2);
    EXPECT_EQ(first.at("ejected_until"), "2030-05-06T09:12:10.000Z");
    EXPECT_EQ(first.at("next_trial"), "2030-05-06T09:12:10.000Z");
    EXPECT_EQ(of.at("next_due"), "2030-05-06T09:12:10.000Z");
    EXPECT_EQ(of.at("asked"), (json::array{"dc2", "dc3"}));
}

TEST_F(explanation_test, a_return_is_told_with_its_share) {
    fall_to_backup();
    passes(dc1, 2);
    EXPECT_EQ(told().at("next_due"), "2030-05-06T09:12:35.000Z");
    wait(30s);
    const auto of = told();
    EXPECT_EQ(of.at("canary"), (json::object{{"backend", "dc1"}, {"percent", 5}}));
    EXPECT_EQ(of.at("share_until"), "2030-05-06T09:12:40.000Z");
    EXPECT_EQ(of.at("hold_down_ms"), 30'000);
}

TEST_F(explanation_test, an_order_is_told_with_who_and_why) {
    all_up();
    pin(override_mode::emergency, 60s);
    const auto of = told();
    EXPECT_EQ(of.at("mode"), "emergency");
    EXPECT_TRUE(of.at("active_backend").is_null());
    EXPECT_EQ(of.at("override").as_object().at("by"), "anne");
    EXPECT_EQ(of.at("override").as_object().at("until"), "2030-05-06T09:13:00.000Z");
    EXPECT_EQ(of.at("last_switchover").as_object().at("reason"), "rehearsal");
    EXPECT_EQ(of.at("procedure_active"), true);
    EXPECT_EQ(of.at("procedure_since"), "2030-05-06T09:12:00.000Z");
    EXPECT_TRUE(of.at("procedure_closes").is_null());
    EXPECT_FALSE(of.at("outlook").as_array().empty());
}

}  // namespace
}  // namespace garde::admin
