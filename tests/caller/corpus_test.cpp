// The corpus of signed messages (tests/tools/make_corpus.py): every honest one is accepted with its facts,
// every forged one is refused, for a reason that corpus.json allows.
#include "garde/caller/assertion.hpp"

#include "../support/fixtures.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace garde::caller {
namespace {

using testing::Contains;

std::string file(const std::string& name) {
    std::ifstream in(test::fixtures().parent_path() / "caller" / "corpus" / name, std::ios::binary);
    if (!in) throw std::runtime_error("not in the corpus: " + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct corpus {
    boost::json::object said = boost::json::parse(file("corpus.json")).as_object();
    wall_time now = *parse_rfc3339(text(said.at("now")));
    std::shared_ptr<const assertion_rules> rules = [this] {
        auto out = std::make_shared<assertion_rules>();
        out->issuers = parse_certificates(file("issuer.pem"));
        out->provider_attributes = {text(said.at("provider_attribute"))};
        return out;
    }();

    static std::string text(const boost::json::value& value) { return std::string(value.as_string()); }

    static const corpus& shared() {
        static const corpus one;
        return one;
    }

    [[nodiscard]] std::vector<std::string> names(const char* group) const {
        std::vector<std::string> out;
        for (const auto& entry : said.at(group).as_object()) out.emplace_back(entry.key());
        return out;
    }

    /// One reason, or several.
    [[nodiscard]] std::vector<std::string> allowed(const std::string& forged) const {
        const auto& reasons = said.at("forged").at(forged);
        if (reasons.is_string()) return {text(reasons)};
        std::vector<std::string> out;
        for (const auto& one : reasons.as_array()) out.push_back(text(one));
        return out;
    }
};

std::string outcome(assertion_checker& checker, const std::string& name) {
    const auto who = checker.check(file(name), corpus::shared().now);
    return who ? "accepted" : std::string(to_text(who.error().why));
}

std::string test_name(const testing::TestParamInfo<std::string>& of) {
    std::string out = of.param.substr(0, of.param.rfind('.'));
    std::ranges::replace(out, '-', '_');
    return out;
}

class honest_message : public testing::TestWithParam<std::string> {};

TEST_P(honest_message, is_accepted_with_its_facts) {
    assertion_checker checker(corpus::shared().rules);
    const auto who = checker.check(file("honest/" + GetParam()), corpus::shared().now);
    ASSERT_TRUE(who.has_value()) << to_text(who.error().why);
    const auto& facts = corpus::shared().said.at("honest").at(GetParam());
    EXPECT_EQ(who->kind(), identity_kind::assertion);
    EXPECT_EQ(who->issuer(), corpus::text(facts.at("issuer")));
    EXPECT_EQ(who->subject(), corpus::text(facts.at("subject")));
    EXPECT_EQ(outcome(checker, "honest/" + GetParam()), "replayed");
}

INSTANTIATE_TEST_SUITE_P(corpus, honest_message, testing::ValuesIn(corpus::shared().names("honest")),
                         test_name);

class forged_message : public testing::TestWithParam<std::string> {};

TEST_P(forged_message, is_refused_for_an_allowed_reason) {
    assertion_checker checker(corpus::shared().rules);
    EXPECT_THAT(corpus::shared().allowed(GetParam()), Contains(outcome(checker, "forged/" + GetParam())));
}

TEST_P(forged_message, is_refused_by_who_has_seen_the_honest_one) {
    assertion_checker checker(corpus::shared().rules);
    const auto honest = corpus::text(corpus::shared().said.at("base").at(GetParam()));
    ASSERT_EQ(outcome(checker, "honest/" + honest), "accepted");
    EXPECT_NE(outcome(checker, "forged/" + GetParam()), "accepted");
}

INSTANTIATE_TEST_SUITE_P(corpus, forged_message, testing::ValuesIn(corpus::shared().names("forged")),
                         test_name);

/// Two messages of one kind of software may be the same but for their assertions, its clock and ids being
/// the corpus's: then the second one is a replay of the first one's signature.
TEST(corpus, all_honest_messages_are_accepted_by_one_checker) {
    assertion_checker checker(corpus::shared().rules);
    std::set<std::string> signatures;
    for (const auto& name : corpus::shared().names("honest")) {
        const auto text = file("honest/" + name);
        const bool is_new = signatures.insert(text.substr(text.rfind("SignatureValue>") - 200, 200)).second;
        EXPECT_EQ(outcome(checker, "honest/" + name), is_new ? "accepted" : "replayed") << name;
    }
    EXPECT_GT(signatures.size() * 10, corpus::shared().names("honest").size() * 9);
}

/// Written in ways that could be argued about, and harmless: corpus.json says how.
TEST(corpus, disputed_messages_are_accepted) {
    assertion_checker checker(corpus::shared().rules);
    for (const auto& name : corpus::shared().names("disputed"))
        EXPECT_EQ(outcome(checker, "disputed/" + name), "accepted") << name;
}

}  // namespace
}  // namespace garde::caller
