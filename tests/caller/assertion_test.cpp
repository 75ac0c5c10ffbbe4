// The checker as a whole: what is accepted, what it says of the caller, and what it remembers.
#include "garde/caller/assertion.hpp"

#include "../support/messages.hpp"
#include "checking.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace garde::caller {
namespace {

using namespace std::chrono_literals;
using test::make_message;
using test::message_plan;
using test::message_time;
using test::outcome;
using test::saml;
using test::shared_signer;
using test::usual_rules;
using test::with;
using testing::Contains;

class both_versions : public testing::TestWithParam<saml> {
  protected:
    message_plan plan{.version = GetParam()};
};
INSTANTIATE_TEST_SUITE_P(assertion_checker, both_versions, testing::Values(saml::v11, saml::v20),
                         [](const auto& of) { return of.param == saml::v11 ? "saml11" : "saml20"; });

TEST_P(both_versions, an_honest_message_says_who_it_is_from) {
    assertion_checker checker(usual_rules());
    const auto who = checker.check(make_message(plan), message_time);
    ASSERT_TRUE(who.has_value()) << to_text(who.error().why);
    EXPECT_EQ(*who, identity({"urn:test:sts", "CN=Pharmacy One", "urn:test:format", "CN=Register"}, {}));
    EXPECT_THAT(who->attributes(),
                Contains(asserted_attribute{std::string(test::provider_attribute), "00000000101"}));
}

TEST_P(both_versions, the_second_copy_is_a_replay) {
    assertion_checker checker(usual_rules());
    const auto message = make_message(plan);
    EXPECT_EQ(outcome(checker, message), "accepted");
    EXPECT_EQ(outcome(checker, message, message_time + 1s), "replayed");
    EXPECT_EQ(outcome(checker, message, message_time + 300s), "replayed");
    EXPECT_EQ(outcome(checker, message, message_time + 301s), "stale");
}

TEST_P(both_versions, white_space_in_the_signature_value_does_not_make_another_message) {
    assertion_checker checker(usual_rules());
    const auto message = make_message(plan);
    EXPECT_EQ(outcome(checker, message), "accepted");
    auto copy = message;
    copy.insert(copy.rfind("</ds:SignatureValue>"), "\n");
    EXPECT_EQ(outcome(checker, copy), "replayed");
}

TEST_P(both_versions, several_messages_of_one_assertion_are_accepted) {
    assertion_checker checker(usual_rules());
    for (int i = 0; i < 3; ++i) {
        plan.created = message_time + std::chrono::milliseconds{i};
        EXPECT_EQ(outcome(checker, make_message(plan)), "accepted") << i;
    }
}

TEST_P(both_versions, an_assertion_seen_before_is_still_checked_against_the_time) {
    assertion_checker checker(usual_rules());
    plan.not_on_or_after = message_time + 60s;
    EXPECT_EQ(outcome(checker, make_message(plan)), "accepted");
    plan.created = message_time + 359s;
    EXPECT_EQ(outcome(checker, make_message(plan), plan.created), "accepted");
    plan.created = message_time + 360s;
    EXPECT_EQ(outcome(checker, make_message(plan), plan.created), "expired");
}

TEST_P(both_versions, an_assertion_seen_before_does_not_help_one_that_differs) {
    assertion_checker checker(usual_rules());
    const auto honest = make_message(plan);
    ASSERT_EQ(outcome(checker, honest), "accepted");
    plan.sender = &shared_signer("Pharmacy Two");
    plan.edit_message = [](const std::string& text) {
        return with(text, "CN=Pharmacy One", "CN=Pharmacy Two");
    };
    EXPECT_EQ(outcome(checker, make_message(plan)),
              plan.version == saml::v11 ? "structure" : "assertion-signature");
    plan.edit_message = [&](const std::string& text) {
        return with(text, base64_certificate(shared_signer("Pharmacy One")),
                    base64_certificate(shared_signer("Pharmacy Two")));
    };
    EXPECT_EQ(outcome(checker, make_message(plan)), "assertion-signature");
}

TEST_P(both_versions, a_renewed_issuer_is_found_among_several) {
    auto rules = usual_rules();
    rules->issuers.insert(rules->issuers.begin(),
                          same_certificate(shared_signer("Another Service", "P-256")));
    EXPECT_EQ(outcome(make_message(plan), message_time, rules), "accepted");
}

TEST_P(both_versions, other_rules_hold_from_then_on_and_what_was_seen_stays_seen) {
    assertion_checker checker(usual_rules());
    const auto message = make_message(plan);
    EXPECT_EQ(outcome(checker, message), "accepted");
    auto others = usual_rules();
    others->issuers.clear();
    others->issuers.push_back(same_certificate(shared_signer("Another Service", "P-256")));
    plan.created += 1s;
    checker.use(others);
    EXPECT_EQ(outcome(checker, make_message(plan)), "assertion-signature");
    checker.use(usual_rules());
    EXPECT_EQ(outcome(checker, message), "replayed");
    EXPECT_EQ(outcome(checker, make_message(plan)), "accepted");
}

TEST_P(both_versions, an_elliptic_key_may_be_bound_and_may_issue) {
    plan.holder = &shared_signer("Elliptic Pharmacy", "P-384");
    plan.message_method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
    plan.issuer = &shared_signer("Elliptic Service", "P-256");
    auto rules = usual_rules();
    rules->issuers.push_back(same_certificate(*plan.issuer));
    EXPECT_EQ(outcome(make_message(plan), message_time, rules), "accepted");
}

// Of an ECDSA signature (r, s) anybody can make another one, (r, n - s), that holds as well.
TEST(assertion_checker, the_other_signature_of_the_same_message_is_a_replay) {
    const auto& holder = shared_signer("Elliptic Pharmacy", "P-256");
    assertion_checker checker(usual_rules());
    const auto message = make_message({.holder = &holder});
    ASSERT_EQ(outcome(checker, message), "accepted");
    const auto twin = test::with_other_ecdsa_value(message);
    ASSERT_NE(twin, message);
    EXPECT_EQ(outcome(twin), "accepted");  // by who has not seen the first one
    EXPECT_EQ(outcome(checker, twin), "replayed");
}

TEST(assertion_checker, rsa_pss_is_verified) {
    using std::pair;
    const std::string base = "http://www.w3.org/2007/05/xmldsig-more#";
    for (const auto& [method, digest] :
         {pair{base + "sha256-rsa-MGF1", EVP_sha256()}, pair{base + "sha384-rsa-MGF1", EVP_sha384()},
          pair{base + "sha512-rsa-MGF1", EVP_sha512()}}) {
        const auto& holder = shared_signer("Pharmacy One");
        const auto message = test::with_pss(make_message(), holder, method, digest);
        EXPECT_EQ(outcome(message), "accepted") << method;
        const auto forged = test::with_pss(make_message(), shared_signer("Pharmacy Two"), method, digest);
        EXPECT_EQ(outcome(forged), "message-signature") << method;
        EXPECT_EQ(outcome(with(message, "COUNTER1-0001", "COUNTER1-0002")), "message-signature") << method;
    }
}

TEST(assertion_checker, rsa_pss_with_another_digest_than_it_says_does_not_hold) {
    const auto message =
        test::with_pss(make_message(), shared_signer("Pharmacy One"),
                       "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", EVP_sha512());
    EXPECT_EQ(outcome(message), "message-signature");
}

TEST(assertion_checker, a_full_replay_memory_refuses_what_is_new) {
    assertion_checker checker(usual_rules(), {.messages = 2, .assertions = 1});
    std::vector<std::string> messages;
    messages.reserve(3);
    for (int i = 0; i < 3; ++i)
        messages.push_back(make_message({.created = message_time + std::chrono::milliseconds{i}}));
    EXPECT_EQ(outcome(checker, messages[0]), "accepted");
    EXPECT_EQ(outcome(checker, messages[1]), "accepted");
    EXPECT_EQ(outcome(checker, messages[2]), "replay-memory-full");
    EXPECT_EQ(checker.check(messages[2], message_time).error().signer.subject(), "CN=Pharmacy One");
    EXPECT_EQ(outcome(checker, messages[0]), "replayed");
    // What is no longer fresh makes room.
    const auto later = make_message({.created = message_time + 301s});
    EXPECT_EQ(outcome(checker, later, message_time + 301s), "accepted");
}

std::string base64_of(const EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key, name, &number);
    std::vector<unsigned char> bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    BN_free(number);
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                        bytes.data(), static_cast<int>(bytes.size()))));
    return out;
}

// The same signature over the same parts, beside another assertion that writes the same key in another way.
TEST(assertion_checker, a_message_is_known_again_by_its_key_however_the_key_is_written) {
    const auto* key = shared_signer("Pharmacy One").key.get();
    const auto as_numbers = [key](std::string assertion) {
        return test::with_section(std::move(assertion), "<ds:X509Data>", "</ds:X509Data>",
                                  "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>" +
                                      base64_of(key, OSSL_PKEY_PARAM_RSA_N) + "</ds:Modulus><ds:Exponent>" +
                                      base64_of(key, OSSL_PKEY_PARAM_RSA_E) +
                                      "</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>");
    };
    const auto twin = make_message({.edit_assertion = as_numbers});
    EXPECT_EQ(outcome(twin), "accepted");
    assertion_checker checker(usual_rules());
    EXPECT_EQ(outcome(checker, make_message()), "accepted");
    EXPECT_EQ(outcome(checker, twin), "replayed");
}

// With and without the key memory, and over more keys than it holds.
TEST(assertion_checker, a_key_that_is_known_is_the_same_as_one_that_is_read_anew) {
    for (const std::size_t bound : {0U, 1U, 4'096U}) {
        assertion_checker checker(usual_rules(), {.assertions = 0, .keys = bound});
        for (int i = 0; i < 3; ++i)
            for (const auto* name : {"Pharmacy One", "Pharmacy Two"}) {
                const auto& holder = shared_signer(name);
                const auto created = message_time + std::chrono::milliseconds{i};
                EXPECT_EQ(outcome(checker, make_message({.holder = &holder, .created = created})),
                          "accepted");
                EXPECT_EQ(outcome(checker, make_message({.holder = &holder,
                                                         .sender = &shared_signer("Pharmacy Three"),
                                                         .created = created})),
                          "message-signature");
            }
    }
}

TEST(assertion_checker, of_a_replay_it_is_said_who_has_signed_it) {
    assertion_checker checker(usual_rules());
    const auto message = make_message();
    const auto who = checker.check(message, message_time);
    ASSERT_TRUE(who);
    const auto again = checker.check(message, message_time);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().why, assertion_refusal::replayed);
    EXPECT_EQ(again.error().signer, *who);
}

TEST(assertion_checker, of_what_does_not_hold_nobody_is_said_to_have_signed_it) {
    for (const auto& message :
         {make_message({.sender = &shared_signer("Pharmacy Two")}), make_message({.provider = "00000002101"}),
          make_message({.created = message_time - 301s}), std::string("<a/>")}) {
        assertion_checker checker(usual_rules());
        const auto refused = checker.check(message, message_time);
        ASSERT_FALSE(refused);
        EXPECT_FALSE(refused.error().signer.verified()) << to_text(refused.error().why);
    }
}

TEST(assertion_checker, a_message_that_was_refused_may_come_again) {
    assertion_checker checker(usual_rules());
    const auto message = make_message({.created = message_time + 301s});
    EXPECT_EQ(outcome(checker, message), "stale");
    EXPECT_EQ(outcome(checker, message, message_time + 1s), "accepted");
}

TEST(assertion_checker, a_clock_that_is_set_back_does_not_make_a_replay_fresh) {
    assertion_checker checker(usual_rules());
    const auto message = make_message();
    ASSERT_EQ(outcome(checker, message), "accepted");
    const auto later = make_message({.created = message_time + 400s});
    ASSERT_EQ(outcome(checker, later, message_time + 400s), "accepted");
    EXPECT_EQ(outcome(checker, message, message_time), "stale");
}

TEST(assertion_checker, a_renewed_certificate_of_the_same_key_goes_on) {
    const auto service = test::make_signer_valid("Service", -1s, 1s);
    auto rules = usual_rules();
    rules->issuers.push_back(same_certificate(service));
    rules->issuers.push_back(test::renewed(service, 1s, 3600s));
    assertion_checker checker(rules);
    EXPECT_EQ(outcome(checker, make_message({.issuer = &service})), "accepted");
    const auto later = message_time + 2s;
    EXPECT_EQ(outcome(checker, make_message({.issuer = &service, .created = later}), later), "accepted");
    EXPECT_EQ(outcome(checker, make_message({.issuer = &service, .created = later + 1ms}), later),
              "accepted");
}

TEST(assertion_checker, several_threads_may_have_a_checker_each) {
    const auto message = make_message();
    std::vector<std::string> outcomes(4);
    {
        std::vector<std::jthread> threads;
        threads.reserve(outcomes.size());
        for (auto& one : outcomes) threads.emplace_back([&] { one = outcome(message); });
    }
    EXPECT_THAT(outcomes, testing::Each("accepted"));
}

TEST(assertion_checker, nihii_numbers_of_8_and_11_digits_name_one_provider) {
    EXPECT_EQ(outcome(make_message({.provider = "00000000"})), "accepted");
    EXPECT_EQ(outcome(make_message({.provider = "00000000999"})), "accepted");
    EXPECT_EQ(outcome(make_message({.provider = "00000001101"})), "provider");
    EXPECT_EQ(outcome(make_message({.provider = "000000001"})), "provider");
    EXPECT_EQ(outcome(make_message({.provider = "0000000"})), "provider");
    EXPECT_EQ(outcome(make_message({.provider = ""})), "provider");
}

TEST(assertion_checker, only_configured_attributes_speak_of_the_provider) {
    auto rules = usual_rules();
    rules->provider_attributes = {"urn:test:other"};
    EXPECT_EQ(outcome(make_message(), message_time, rules), "provider");
    rules->provider_attributes = {"urn:test:other", std::string(test::provider_attribute)};
    EXPECT_EQ(outcome(make_message(), message_time, rules), "accepted");
}

TEST(assertion_checker, each_refusal_has_a_name_of_its_own) {
    std::vector<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(assertion_refusal::provider); ++i)
        names.push_back(to_text(static_cast<assertion_refusal>(i)));
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    EXPECT_THAT(names, Contains("replay-memory-full"));
}

TEST(assertion_checker, openssl_errors_are_not_left_to_others) {
    ERR_clear_error();
    ASSERT_EQ(outcome(make_message({.sender = &shared_signer("Pharmacy Two")})), "message-signature");
    EXPECT_EQ(ERR_peek_error(), 0UL);
}

}  // namespace
}  // namespace garde::caller
