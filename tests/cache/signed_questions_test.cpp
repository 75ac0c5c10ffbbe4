// Callers who sign their messages, at the desk of the reply cache: whom it believes, and what it counts. The
// messages are those of the checker's corpus.
#include "garde/cache/cache_desk.hpp"

#include "../support/fixtures.hpp"
#include "../support/messages.hpp"
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

/// The insurer's answer about the patient of these messages.
std::string good_news() {
    return test::with_all(
        test::with_all(test::fixture("consult-reply.xml"), "00000000101</c:Ssin>", "00000010101</c:Ssin>"),
        ">2018-", ">2026-");
}
std::string bad_news() {
    return test::with(good_news(), "<c:Sex>", "<c:Deceased>2026-03-01</c:Deceased><c:Sex>");
}

struct signed_questions : testing::Test {
    std::shared_ptr<const config::cache_settings> rules = std::make_shared<config::cache_settings>();
    net::event_loop asking;
    cache_desk desk{std::size_t{16} * 1024 * 1024};
    const std::string honest = corpus("honest/xmlsec1-saml11-plain.xml");

    /// Another message of the same signer about the same patient.
    const std::string another = corpus("honest/xmlsec1-saml11-prefix-list.xml");
    const std::string third = corpus("honest/xmlsec1-saml11-third-reference.xml");

    /// Why there is no answer.
    std::string ask(const std::string& message, caller_patterns allowed = nullptr,
                    caller::identity who = {}) {
        const auto out = answer_to(message, std::move(allowed), std::move(who));
        return out ? "a hit" : out.error().detail;
    }

    found answer_to(const std::string& message, caller_patterns allowed = nullptr,
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
        return out.value_or(std::unexpected(miss{"no answer"}));
    }

    /// What the service has answered, and when after the messages were made.
    void offer(const std::string& message, std::string reply, std::chrono::seconds after = 0s,
               caller_patterns allowed = nullptr) {
        EXPECT_TRUE(desk.offer({.service = "assurability",
                                .rules = rules,
                                .who = {},
                                .allowed = std::move(allowed),
                                .request_body = message,
                                .reply_body = std::move(reply),
                                .reply_content_type = "text/xml",
                                .reply_status = 200,
                                .consulted_at = made - 60s + after,
                                .consulted_at_steady = steady_time{} - 60s + after}));
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

TEST_F(signed_questions, get_what_was_kept_for_their_signer) {
    desk.recognise(believing());
    offer(honest, good_news());
    const auto kept = answer_to(another);
    ASSERT_TRUE(kept) << kept.error().detail;
    EXPECT_EQ(*kept->body, good_news());
}

TEST_F(signed_questions, that_are_repeated_take_away_what_newer_news_makes_wrong) {
    desk.recognise(believing());
    offer(honest, good_news());
    offer(honest, bad_news(), 1s);
    EXPECT_EQ(ask(another), "no-entry");
    EXPECT_EQ(refused(caller::assertion_refusal::replayed), 1U) << "still counted as what it is";
}

TEST_F(signed_questions, that_are_repeated_are_told_by_the_name_of_their_caller) {
    const auto named = [](std::string name) {
        return caller::named_caller{
            .name = std::move(name),
            .known_as = {caller::pattern::parse(
                             "subject:CN=NIHII-PHARMACY 00000101,OU=Example Pharmacy One,O=Example,C=BE")
                             .value()},
            .limits = {}};
    };
    desk.recognise(believing({named("pharmacy-1")}));
    offer(honest, good_news());
    offer(honest, bad_news(), 1s);
    EXPECT_EQ(ask(another), "no-entry");
}

TEST_F(signed_questions, that_are_repeated_get_nothing_and_have_nothing_kept_for_them) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest), "no-entry");
    offer(honest, good_news());
    EXPECT_EQ(ask(another), "no-entry") << "the answer to the second copy was kept";
    offer(third, good_news(), 1s);
    EXPECT_EQ(ask(honest), "assertion-replayed") << "there is an answer, and not for the second copy";
}

TEST_F(signed_questions, that_are_repeated_with_good_news_change_nothing) {
    desk.recognise(believing());
    offer(honest, good_news());
    offer(honest, good_news(), 1s);
    EXPECT_EQ(ask(another), "a hit");
}

TEST_F(signed_questions, that_do_not_hold_take_nothing_away) {
    desk.recognise(believing());
    offer(honest, good_news());
    offer(test::with(honest, "<c:RequestType>0<", "<c:RequestType>1<"), bad_news(), 1s);
    EXPECT_EQ(ask(another), "a hit");
    EXPECT_EQ(refused(caller::assertion_refusal::message_signature), 1U);
}

// --- who it is, for receipts

TEST_F(signed_questions, without_an_answer_still_say_who_asked) {
    desk.recognise(believing());
    const auto nothing_kept = answer_to(honest);
    ASSERT_FALSE(nothing_kept);
    EXPECT_EQ(nothing_kept.error().who.subject(),
              "CN=NIHII-PHARMACY 00000101,OU=Example Pharmacy One,O=Example,C=BE");
    const auto not_allowed = answer_to(another, only("CN=somebody else"));
    ASSERT_FALSE(not_allowed);
    EXPECT_EQ(not_allowed.error().who, nothing_kept.error().who);
}

TEST_F(signed_questions, that_are_refused_name_nobody) {
    desk.recognise(believing());
    EXPECT_EQ(ask(honest), "no-entry");
    for (const auto& message : {honest, std::string("<odd/>")}) {
        const auto refused = answer_to(message);
        ASSERT_FALSE(refused);
        EXPECT_FALSE(refused.error().who.verified()) << refused.error().detail;
    }
}

TEST_F(signed_questions, of_who_has_shown_a_certificate_are_his_who_has_shown_it) {
    desk.recognise(believing());
    const caller::identity shown("CN=CA", "CN=one", {});
    const auto nothing_kept = answer_to(honest, nullptr, shown);
    ASSERT_FALSE(nothing_kept);
    EXPECT_EQ(nothing_kept.error().who, shown);
}

}  // namespace
}  // namespace garde::cache
