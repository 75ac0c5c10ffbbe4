// Callers who sign their messages, at the desk of the reply cache: whom it believes, and what it counts. The
// messages are those of the checker's corpus.
#include "garde/cache/cache_desk.hpp"

#include "../support/fixtures.hpp"
#include "../support/run.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view provider_attribute =
    "urn:be:fgov:ehealth:1.0:certificateholder:pharmacy:nihii-number";
const wall_time made = std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + 9h + 30min;

std::string corpus(const std::string& name) {
    std::ifstream in(test::fixtures().parent_path() / "caller" / "corpus" / name, std::ios::binary);
    if (!in) throw std::runtime_error("not in the corpus: " + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

caller::recognition_ptr believing(std::vector<caller::named_caller> named = {}) {
    auto rules = std::make_shared<caller::assertion_rules>();
    rules->issuers = parse_certificates(corpus("issuer.pem"));
    rules->provider_attributes = {std::string(provider_attribute)};
    return std::make_shared<const caller::recognition>(caller::directory(named), std::move(rules));
}

caller_patterns only(std::string_view pattern) {
    return std::make_shared<const std::vector<caller::pattern>>(1, caller::pattern::parse(pattern).value());
}

struct signed_questions : testing::Test {
    std::shared_ptr<const config::cache_settings> rules = std::make_shared<config::cache_settings>();
    net::event_loop asking;
    cache_desk desk{std::size_t{16} * 1024 * 1024};
    const std::string honest = corpus("honest/xmlsec1-saml11-plain.xml");

    /// Why there is no answer.
    std::string ask(const std::string& message, caller_patterns allowed = nullptr,
                    caller::identity who = {}) {
        std::optional<found> out;
        const auto keep = [](net::task<found> what, std::optional<found>& into) -> net::task<> {
            into.emplace(co_await std::move(what));
        };
        asking.spawn(keep(desk.ask(asking, {.service = "assurability",
                                            .rules = rules,
                                            .who = std::move(who),
                                            .allowed = std::move(allowed),
                                            .request_body = message,
                                            .now = made,
                                            .now_steady = {}}),
                          out));
        test::run_until(asking, [&] { return out.has_value(); });
        return out && !*out ? out->error().detail : "a hit";
    }

    std::uint64_t refused(caller::assertion_refusal why) {
        return desk.assertions().refused[static_cast<std::size_t>(why)];
    }
};

TEST_F(signed_questions, are_not_looked_at_by_default) {
    EXPECT_EQ(ask(honest), "caller-unverified");
    EXPECT_EQ(desk.assertions().accepted, 0U);
}

TEST_F(signed_questions, are_believed_when_they_hold) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest), "no-entry");
    EXPECT_EQ(desk.assertions().accepted, 1U);
}

TEST_F(signed_questions, are_refused_with_the_reason_and_counted) {
    desk.recognise(believing());
    EXPECT_EQ(ask("<odd/>"), "assertion-none-there");
    EXPECT_EQ(ask(honest), "no-entry");
    EXPECT_EQ(ask(honest), "assertion-replayed");
    EXPECT_EQ(refused(caller::assertion_refusal::none_there), 1U);
    EXPECT_EQ(refused(caller::assertion_refusal::replayed), 1U);
    EXPECT_EQ(desk.assertions().accepted, 1U);
}

TEST_F(signed_questions, are_for_those_who_may_have_cached_answers) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest, only("CN=somebody else")), "caller-not-allowed");
    EXPECT_EQ(ask(corpus("honest/xmlsec1-saml20-plain.xml"), only("issuer:urn:be:example:sts:1_0")),
              "no-entry");
}

TEST_F(signed_questions, are_held_to_the_same_rule_as_certificates) {
    const caller::identity shown("CN=CA", "CN=one", {});
    EXPECT_EQ(ask(honest, only("CN=two"), shown), "caller-not-allowed");
    EXPECT_EQ(ask(honest, only("CN=one"), shown), "no-entry");
}

TEST_F(signed_questions, are_not_looked_at_where_a_certificate_has_been_shown) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest, nullptr, caller::identity("CN=CA", "CN=one", {})), "no-entry");
    EXPECT_EQ(desk.assertions().accepted, 0U);
}

TEST_F(signed_questions, stay_seen_when_the_rules_are_read_anew) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest), "no-entry");
    desk.recognise(believing());
    EXPECT_EQ(ask(honest), "assertion-replayed");
}

TEST_F(signed_questions, are_not_believed_any_more_once_the_configuration_says_so) {
    desk.recognise(believing());
    desk.recognise(std::make_shared<const caller::recognition>());
    EXPECT_EQ(ask(honest), "caller-unverified");
}

TEST_F(signed_questions, that_were_kept_from_an_offer_count_as_seen) {
    desk.recognise(believing());
    EXPECT_TRUE(desk.offer({.service = "assurability",
                            .rules = rules,
                            .who = {},
                            .allowed = nullptr,
                            .request_body = honest,
                            .reply_body = {},
                            .reply_content_type = {},
                            .reply_status = 500,
                            .consulted_at = made,
                            .consulted_at_steady = {}}));
    EXPECT_EQ(ask(honest), "assertion-replayed");
}

}  // namespace
}  // namespace garde::cache
