// Refusals for the assertion: its signature and issuer, its times, whom and which key it names. Signed as
// they stand, so that only the check under test can refuse them.
#include "refusing.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

namespace garde::caller {
namespace {

using namespace std::chrono_literals;
using test::edit;
using test::make_message;
using test::message_time;
using test::outcome;
using test::outcome_of;
using test::outcome_of_assertion;
using test::replaced;
using test::saml;
using test::shared_signer;
using test::usual_rules;
using test::with;
using test::with_all;
using test::with_section;

TEST(assertion_refusal, assertion_unsigned) {
    EXPECT_EQ(outcome_of(saml::v20,
                         [](std::string text) {
                             return with_section(std::move(text), "<ds:Signature ", "</ds:Signature>", "");
                         }),
              "assertion-unsigned");
}

TEST(assertion_refusal, assertion_reference) {
    EXPECT_EQ(outcome_of_assertion(saml::v20, replaced("URI=\"#A-1\"", "URI=\"\"")), "assertion-reference");
    EXPECT_EQ(outcome_of(saml::v20, {}, replaced("URI=\"#A-1\"", "URI=\"#B-1\"")), "assertion-reference");
    EXPECT_EQ(outcome_of_assertion(saml::v20,
                                   [](std::string text) {
                                       const auto begin = text.find("<ds:Reference ");
                                       const auto end = text.find("</ds:SignedInfo>");
                                       return text.insert(begin, text.substr(begin, end - begin));
                                   }),
              "assertion-reference");
}

TEST(assertion_refusal, assertion_signature) {
    for (const auto version : {saml::v11, saml::v20}) {
        EXPECT_EQ(outcome(make_message({.version = version, .issuer = &shared_signer("Another Service")})),
                  "assertion-signature");
        EXPECT_EQ(outcome_of(version, replaced("00000000101<", "00000000102<")), "assertion-signature");
    }
    EXPECT_EQ(outcome(make_message(), message_time, std::make_shared<assertion_rules>()),
              "assertion-signature");
}

TEST(assertion_refusal, issuer_of_a_weak_key_counts_for_nothing) {
    auto rules = usual_rules();
    const auto& weak = shared_signer("Weak Service", "RSA-1024");
    rules->issuers.push_back(same_certificate(weak));
    EXPECT_EQ(outcome(make_message({.issuer = &weak}), message_time, rules), "assertion-signature");
}

TEST(assertion_refusal, issuer_not_valid) {
    for (const auto& [from, to] : {std::pair{-3600s, -1s}, std::pair{1s, 3600s}}) {
        const auto service = test::make_signer_valid("Service of the Day", from, to);
        auto rules = usual_rules();
        rules->issuers.push_back(same_certificate(service));
        EXPECT_EQ(outcome(make_message({.issuer = &service}), message_time, rules), "issuer-not-valid");
    }
    const auto service = test::make_signer_valid("Service of the Day", -1s, 1s);
    auto rules = usual_rules();
    rules->issuers.push_back(same_certificate(service));
    assertion_checker checker(rules);
    EXPECT_EQ(outcome(checker, make_message({.issuer = &service})), "accepted");
    // Neither when the assertion is known.
    EXPECT_EQ(
        outcome(checker, make_message({.issuer = &service, .created = message_time + 2s}), message_time + 2s),
        "issuer-not-valid");
}

TEST(assertion_refusal, not_yet_valid_and_expired) {
    for (const auto version : {saml::v11, saml::v20}) {
        const auto at = [&](std::chrono::seconds begin, std::chrono::seconds end) {
            return outcome(make_message({.version = version,
                                         .not_before = message_time + begin,
                                         .not_on_or_after = message_time + end}));
        };
        EXPECT_EQ(at(300s, 3600s), "accepted");
        EXPECT_EQ(at(301s, 3600s), "not-yet-valid");
        EXPECT_EQ(at(-3600s, -299s), "accepted");
        EXPECT_EQ(at(-3600s, -300s), "expired");
    }
}

TEST(assertion_refusal, the_confirmations_own_period_counts_too) {
    const auto confirmed = [](const std::string& period) {
        return outcome_of_assertion(saml::v20, replaced("<saml:SubjectConfirmationData>",
                                                        "<saml:SubjectConfirmationData " + period + ">"));
    };
    EXPECT_EQ(confirmed("NotOnOrAfter='2026-03-02T10:00:00Z'"), "accepted");
    EXPECT_EQ(confirmed("NotOnOrAfter='2026-03-02T08:00:00Z'"), "expired");
    EXPECT_EQ(confirmed("NotBefore='2026-03-02T10:00:00Z'"), "not-yet-valid");
    EXPECT_EQ(confirmed("NotOnOrAfter='tomorrow'"), "structure");
}

TEST(assertion_refusal, an_assertion_without_an_end_or_with_strange_conditions) {
    for (const auto version : {saml::v11, saml::v20}) {
        const auto conditions = [&](const edit& change) { return outcome_of_assertion(version, change); };
        EXPECT_EQ(conditions([](std::string text) {
                      return with_section(std::move(text), "<saml:Conditions", "/>", "");
                  }),
                  "structure");
        EXPECT_EQ(conditions([](std::string text) {
                      return with_section(std::move(text), " NotOnOrAfter=", "Z\"", "");
                  }),
                  "structure");
        EXPECT_EQ(conditions([](std::string text) {
                      return with_section(
                          std::move(text), "<saml:Conditions", "/>",
                          "<saml:Conditions NotBefore='2026-03-02T08:00:00Z' "
                          "NotOnOrAfter='2026-03-02T20:00:00Z'><saml:Condition/></saml:Conditions>");
                  }),
                  "structure");
    }
}

TEST(assertion_refusal, not_holder_of_key) {
    for (const auto version : {saml::v11, saml::v20}) {
        for (const std::string method : {"cm:bearer", "cm:sender-vouches"})
            EXPECT_EQ(outcome_of_assertion(version, replaced("cm:holder-of-key", method)),
                      "not-holder-of-key");
        EXPECT_EQ(outcome_of_assertion(version,
                                       [](std::string text) {
                                           return with_section(std::move(text), "<saml:SubjectConfirmation",
                                                               "</saml:SubjectConfirmation>", "");
                                       }),
                  "not-holder-of-key");
    }
    EXPECT_EQ(outcome_of_assertion(saml::v11, replaced("SAML:1.0:cm:", "SAML:2.0:cm:")), "not-holder-of-key");
    EXPECT_EQ(outcome_of_assertion(saml::v11,
                                   replaced("<saml:ConfirmationMethod>",
                                            "<saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer"
                                            "</saml:ConfirmationMethod><saml:ConfirmationMethod>")),
              "not-holder-of-key");
    EXPECT_EQ(outcome_of_assertion(saml::v20, replaced("<saml:SubjectConfirmation ",
                                                       "<saml:SubjectConfirmation "
                                                       "Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'/>"
                                                       "<saml:SubjectConfirmation ")),
              "not-holder-of-key");
}

TEST(assertion_refusal, two_names_for_the_subject) {
    EXPECT_EQ(outcome_of_assertion(saml::v11, replaced("CN=Pharmacy One", "CN=Pharmacy Two")), "structure");
    EXPECT_EQ(outcome_of_assertion(saml::v11, replaced("CN=Register", "CN=Other")), "structure");
}

TEST(assertion_refusal, bad_key) {
    for (const auto version : {saml::v11, saml::v20}) {
        const auto bound = [&](const std::string& content) {
            return outcome_of_assertion(version, [&](std::string text) {
                return with_section(std::move(text), "<ds:X509Data>", "</ds:X509Data>", content);
            });
        };
        const auto data = "<ds:X509Certificate>" + base64_certificate(shared_signer("Pharmacy One")) +
                          "</ds:X509Certificate>";
        EXPECT_EQ(
            bound("<ds:X509Data><ds:X509SubjectName>CN=x</ds:X509SubjectName>" + data + "</ds:X509Data>"),
            "accepted");
        const auto twice = data + data;
        EXPECT_EQ(bound(""), "bad-key");
        EXPECT_EQ(bound("<ds:KeyName>Pharmacy One</ds:KeyName>"), "bad-key");
        EXPECT_EQ(bound("<ds:X509Data>" + twice + "</ds:X509Data>"), "bad-key");
        EXPECT_EQ(bound("<ds:X509Data>" + data + "</ds:X509Data><ds:KeyValue/>"), "bad-key");
        EXPECT_EQ(bound("<ds:X509Data><ds:X509Certificate/></ds:X509Data>"), "bad-key");
        EXPECT_EQ(bound("<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"),
                  "bad-key");
        EXPECT_EQ(bound("<ds:X509Data><ds:X509Certificate>!!!!</ds:X509Certificate></ds:X509Data>"),
                  "bad-key");
        EXPECT_EQ(bound("<ds:KeyValue><ds:DSAKeyValue/></ds:KeyValue>"), "bad-key");
        EXPECT_EQ(
            bound(
                "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus></ds:RSAKeyValue></ds:KeyValue>"),
            "bad-key");
    }
}

TEST(assertion_refusal, two_statements_with_two_keys) {
    const auto certificate = base64_certificate(shared_signer("Pharmacy Two"));
    const auto second = [&](const std::string& bound) {
        return outcome_of_assertion(saml::v11, [&](std::string text) {
            const auto begin = text.find("<saml:SubjectConfirmation>");
            const auto end = text.find("</saml:Subject>");
            const auto confirmation = with(text.substr(begin, end - begin),
                                           base64_certificate(shared_signer("Pharmacy One")), bound);
            return text.insert(text.rfind("</saml:Subject>"), confirmation);
        });
    };
    EXPECT_EQ(second(base64_certificate(shared_signer("Pharmacy One"))), "accepted");
    EXPECT_EQ(second(certificate), "bad-key");
}

TEST(assertion_refusal, weak_algorithm) {
    for (const std::string method : {"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
                                     "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"}) {
        EXPECT_EQ(outcome(make_message({.assertion_method = method})), "weak-algorithm") << method;
        EXPECT_EQ(outcome(make_message({.message_method = method})), "weak-algorithm") << method;
    }
    const auto sha1 =
        replaced("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1");
    EXPECT_EQ(outcome_of_assertion(saml::v20, sha1), "weak-algorithm");
    EXPECT_EQ(outcome_of(saml::v20,
                         [](const std::string& text) {
                             const auto at = text.rfind("<ds:Signature ");
                             return text.substr(0, at) + with(text.substr(at),
                                                              "http://www.w3.org/2001/04/xmlenc#sha256",
                                                              "http://www.w3.org/2000/09/xmldsig#sha1");
                         }),
              "weak-algorithm");
    EXPECT_EQ(outcome(make_message({.holder = &shared_signer("Weak Pharmacy", "RSA-1024")})),
              "weak-algorithm");
    EXPECT_EQ(outcome(make_message({.holder = &shared_signer("Odd Pharmacy", "P-521")})), "weak-algorithm");
}

}  // namespace
}  // namespace garde::caller
