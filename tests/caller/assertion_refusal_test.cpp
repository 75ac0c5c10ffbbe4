// Every refusal: an honest message with one thing wrong, most of them signed as they stand, so that only the
// check under test can refuse them.
#include "../support/messages.hpp"
#include "checking.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace garde::caller {
namespace {

using namespace std::chrono_literals;
using test::edit;
using test::make_message;
using test::message_time;
using test::outcome;
using test::saml;
using test::shared_signer;
using test::usual_rules;
using test::with;
using test::with_all;
using test::with_section;

edit replaced(std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](std::string text) {
        return with(std::move(text), from, to);
    };
}

std::string outcome_of(saml version, const edit& before, const edit& after = {}) {
    auto message = make_message({.version = version, .edit_message = before});
    return outcome(after ? after(std::move(message)) : message);
}

/// With the assertion changed before its issuer has signed it.
std::string outcome_of_assertion(saml version, const edit& change) {
    return outcome(make_message({.version = version, .edit_assertion = change}));
}

TEST(assertion_refusal, no_assertion) {
    EXPECT_EQ(outcome(test::with_section(make_message(), "<saml:Assertion", "</saml:Assertion>", "")),
              "none-there");
    EXPECT_EQ(outcome("<a/>"), "none-there");
}

TEST(assertion_refusal, too_large) {
    const std::string padding(10 * 1024 * 1024, ' ');
    EXPECT_EQ(outcome(make_message() + padding), "too-large");
    EXPECT_EQ(outcome(make_message() + padding.substr(0, 1000 * 1024)), "accepted");
    std::string many = "<a>";
    for (int i = 0; i < 20'000; ++i) many += "<b/>";
    EXPECT_EQ(outcome(many + "</a>"), "too-large");
    std::string comments = "<a>";
    for (int i = 0; i < 20'000; ++i) comments += "<!---->";
    EXPECT_EQ(outcome(comments + "</a>"), "too-large");
    std::string wide = "<a";
    for (int i = 0; i < 65; ++i) wide += " a" + std::to_string(i) + "=''";
    EXPECT_EQ(outcome(wide + "/>"), "too-large");
    const auto declaring = [](int count) {
        std::string out = "<r>";
        for (int i = 0; i < count; ++i)
            out += "<n xmlns:p" + std::to_string(i) + "='u' xmlns:q" + std::to_string(i) + "='u'>";
        for (int i = 0; i < count; ++i) out += "</n>";
        return out + "<n xmlns:p='u'/></r>";
    };
    EXPECT_EQ(outcome(declaring(32)), "none-there");
    EXPECT_EQ(outcome(declaring(33)), "too-large");
}

/// The most expensive forgery that its bounds let through to the issuers' signature: many elements that look
/// up many namespaces.
TEST(assertion_refusal, what_a_stranger_can_make_it_compute_is_bounded) {
    std::string declarations;
    std::string prefixes;
    for (char c = 'a'; c <= 'z'; ++c) {
        declarations += std::string(" xmlns:") + c + "='urn:" + c + "'";
        prefixes += std::string(1, c) + " ";
    }
    std::string padding = "<saml:Advice" + declarations + ">";
    for (int i = 0; i < 3'900; ++i) {
        padding += "<a:x";
        for (char c = 'a'; c <= 'z'; ++c) padding += std::string(" ") + c + ":y=''";
        padding += "/>";
    }
    padding += "</saml:Advice>";
    const auto message = make_message({.version = saml::v20});
    const auto list =
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces "
        "xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"" +
        prefixes + "\"/></ds:Transform>";
    auto forged = with(message, "<saml:AttributeStatement>", padding + "<saml:AttributeStatement>");
    forged = with(forged, "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>", list);
    ASSERT_LT(forged.size(), 1024U * 1024U);
    const auto begin = std::clock();
    EXPECT_EQ(outcome(forged), "assertion-signature");
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, 5.0);
}

TEST(assertion_refusal, not_xml) {
    EXPECT_EQ(outcome(""), "not-xml");
    EXPECT_EQ(outcome("no XML"), "not-xml");
    EXPECT_EQ(outcome(make_message().substr(1)), "not-xml");
    EXPECT_EQ(outcome(make_message() + "<"), "not-xml");
    EXPECT_EQ(outcome(with(make_message(), "xmlns:wsse=", "xmlns:other=")), "not-xml");
    std::string deep;
    for (int i = 0; i < 10'000; ++i) deep += "<a>";
    for (int i = 0; i < 10'000; ++i) deep += "</a>";
    EXPECT_EQ(outcome(deep), "not-xml");
}

TEST(assertion_refusal, doctype) {
    EXPECT_EQ(outcome("<!DOCTYPE a>" + make_message()), "doctype");
    EXPECT_EQ(outcome("<!DOCTYPE a [<!ENTITY b 'c'>]>" + make_message()), "doctype");
    EXPECT_EQ(outcome("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" + make_message()), "doctype");
}

TEST(assertion_refusal, structure) {
    const auto refused = [](const edit& change) { return outcome_of(saml::v20, change); };
    EXPECT_EQ(refused(replaced("<soap:Body ", "<soap:Other/><soap:Body ")), "structure");
    EXPECT_EQ(refused(replaced("</soap:Header>", "</soap:Header>text")), "structure");
    EXPECT_EQ(refused(replaced("<wsse:Security ", "text<wsse:Security ")), "accepted");
    EXPECT_EQ(refused(replaced("<wsu:Timestamp ", "text<wsu:Timestamp ")), "structure");
    EXPECT_EQ(refused(replaced("<soap:Header>", "<soap:Header><soap:Header/>")), "structure");
    EXPECT_EQ(refused(replaced("</soap:Envelope>", "<soap:Other/></soap:Envelope>")), "structure");
    EXPECT_EQ(refused([](std::string text) {
                  text = with(std::move(text), "<wsse:Security ", "<soap:Role><wsse:Security ");
                  return with(std::move(text), "</wsse:Security>", "</wsse:Security></soap:Role>");
              }),
              "structure");
    EXPECT_EQ(refused(replaced("<wsse:Security ",
                               "<wsse:Security "
                               "xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/"
                               "oasis-200401-wss-wssecurity-secext-1.0.xsd\"/><wsse:Security ")),
              "structure");
}

TEST(assertion_refusal, several_bodies) {
    EXPECT_EQ(outcome_of(saml::v20, replaced("<soap:Header>", "<soap:Header><soap:Body/>")),
              "several-bodies");
}

TEST(assertion_refusal, duplicate_id) {
    for (const std::string attribute : {"Id='B-1'", "ID='B-1'", "id='B-1'", "iD='T-1'", "xml:id='A-1'",
                                        "AssertionID='A-1'", "a:Id=' B-1 '"}) {
        const auto element = "<soap:Header><a:other xmlns:a='urn:a' " + attribute + "/>";
        EXPECT_EQ(outcome_of(saml::v11, {}, replaced("<soap:Header>", element)), "duplicate-id") << attribute;
    }
    EXPECT_EQ(
        outcome_of(saml::v11, {}, replaced("<soap:Header>", "<soap:Header><other Id='B-2' xml:id='B-3'/>")),
        "accepted");
}

TEST(assertion_refusal, several_ids_on_a_signed_part) {
    EXPECT_EQ(outcome_of(saml::v11, {}, replaced("wsu:Id=\"B-1\"", "wsu:Id=\"B-1\" Id=\"B-9\"")),
              "structure");
}

TEST(assertion_refusal, several_assertions) {
    EXPECT_EQ(outcome_of(saml::v11, replaced("<soap:Header>",
                                             "<soap:Header><saml:Assertion "
                                             "xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'/>")),
              "several-assertions");
}

TEST(assertion_refusal, several_signatures) {
    EXPECT_EQ(outcome_of(saml::v11, {},
                         [](std::string text) {
                             const auto at = text.rfind("<ds:Signature ");
                             const auto end = text.find("</wsse:Security>");
                             return text.insert(at, text.substr(at, end - at));
                         }),
              "several-signatures");
    EXPECT_EQ(outcome_of(saml::v11, {},
                         replaced("<soap:Header>",
                                  "<soap:Header><ds:Signature "
                                  "xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>")),
              "several-signatures");
}

TEST(assertion_refusal, bad_text) {
    for (const auto version : {saml::v11, saml::v20}) {
        for (const std::string odd : {"CN=Pharmacy<!-- --> One", "<![CDATA[CN=Pharmacy One]]>",
                                      "CN=Pharmacy <saml:b>One</saml:b>", "CN=Pharmacy<?p i?> One"})
            EXPECT_EQ(outcome_of_assertion(version,
                                           [&](std::string text) {
                                               return with_all(std::move(text), "CN=Pharmacy One", odd);
                                           }),
                      "bad-text")
                << odd;
        for (const std::string text :
             {"holder-of-key</", "00000000101</", "Certificate>", "DigestValue>", "SignatureValue>",
              "</wsu:Created>", "</wsu:Expires>", "A-1</wsse:Key"}) {
            if (version == saml::v20 && text.starts_with("holder")) continue;  // an attribute there
            // Whichever comes first in the message; a comment changes no canonical form.
            EXPECT_EQ(outcome_of(version, {},
                                 [&](std::string message) {
                                     const auto at = message.find(text);
                                     return message.insert(text.starts_with('<')
                                                               ? at
                                                               : message.find_first_of("<>", at) +
                                                                     (text.ends_with('>') ? 1 : 0),
                                                           "<!-- -->");
                                 }),
                      "bad-text")
                << text;
        }
    }
    EXPECT_EQ(outcome_of_assertion(saml::v20, replaced(">urn:test:sts<", ">urn:test<!-- -->:sts<")),
              "bad-text");
}

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

/// The message's own signature, changed before it is signed.
edit in_message_signature(const edit& change) {
    return [change](const std::string& text) {
        const auto at = text.rfind("<ds:Signature ");
        return text.substr(0, at) + change(text.substr(at));
    };
}

const std::string exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
const std::string inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

TEST(assertion_refusal, transform) {
    const auto message = [](const std::string& from, const std::string& to) {
        return outcome_of(saml::v20, in_message_signature(replaced(from, to)));
    };
    // What the signer's library would not sign.
    const auto afterwards = [](const std::string& from, const std::string& to) {
        return outcome_of(saml::v20, {}, in_message_signature(replaced(from, to)));
    };
    const auto method = "<ds:CanonicalizationMethod Algorithm=\"" + exclusive + "\"/>";
    const auto step = "<ds:Transform Algorithm=\"" + exclusive + "\"/>";
    const auto other = [](const std::string& of, const std::string& algorithm) {
        return with(of, exclusive, algorithm);
    };
    EXPECT_EQ(message(method, other(method, inclusive)), "accepted");
    EXPECT_EQ(message(method, other(method, inclusive + "#WithComments")), "transform");
    EXPECT_EQ(message(method, other(method, exclusive + "WithComments")), "transform");
    EXPECT_EQ(message(method, other(method, "http://www.w3.org/2006/12/xml-c14n11")), "transform");
    EXPECT_EQ(message(step, other(step, inclusive)), "transform");
    EXPECT_EQ(message(step, other(step, exclusive + "WithComments")), "transform");
    EXPECT_EQ(message("<ds:Transforms>" + step + "</ds:Transforms>", ""), "transform");
    EXPECT_EQ(afterwards(step, step + step), "transform");
    EXPECT_EQ(
        afterwards(step, "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>" + step),
        "transform");
    EXPECT_EQ(
        afterwards(step,
                   "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>1"
                   "</ds:XPath></ds:Transform>" +
                       step),
        "transform");

    const auto assertion = [](const std::string& from, const std::string& to) {
        return outcome_of_assertion(saml::v20, replaced(from, to));
    };
    EXPECT_EQ(assertion(method, other(method, inclusive)), "transform");
    EXPECT_EQ(assertion(step, ""), "transform");
    EXPECT_EQ(assertion(step, other(step, inclusive)), "transform");
}

TEST(assertion_refusal, a_list_of_prefixes_is_accepted_and_nothing_else_inside) {
    const auto step = "<ds:Transform Algorithm=\"" + exclusive + "\"/>";
    const auto inside = [&](const std::string& what) {
        return in_message_signature(
            replaced(step, "<ds:Transform Algorithm=\"" + exclusive + "\">" + what + "</ds:Transform>"));
    };
    const auto list = [](const std::string& prefixes) {
        return "<ec:InclusiveNamespaces xmlns:ec=\"" + exclusive + "\" PrefixList=\"" + prefixes + "\"/>";
    };
    EXPECT_EQ(outcome_of(saml::v20, inside(list("soap wsse #default"))), "accepted");
    EXPECT_EQ(outcome_of(saml::v20, {}, inside(list("soap") + list("wsse"))), "transform");
    EXPECT_EQ(outcome_of(saml::v20, inside(list(std::string(2000, 'a')))), "transform");
    EXPECT_EQ(outcome_of(saml::v20, {}, inside("<ds:Other/>")), "transform");
}

TEST(assertion_refusal, message_reference) {
    const auto changed = [](const std::string& from, const std::string& to) {
        return outcome_of(saml::v11, in_message_signature(replaced(from, to)));
    };
    EXPECT_EQ(changed("URI=\"#B-1\"", "URI=\"#T-1\""), "message-reference");
    EXPECT_EQ(changed("URI=\"#B-1\"", "URI=\"#A-1\""), "message-reference");
    EXPECT_EQ(changed("URI=\"#B-1\"", "URI=\"\""), "message-reference");
    EXPECT_EQ(changed("URI=\"#B-1\"", "URI=\"#xpointer(id('B-1'))\""), "message-reference");
    const auto without = [](const std::string& id) {
        return outcome_of(saml::v11, in_message_signature([&](std::string text) {
                              return with_section(std::move(text), "<ds:Reference URI=\"#" + id,
                                                  "</ds:Reference>", "");
                          }));
    };
    EXPECT_EQ(without("B-1"), "message-reference");
    EXPECT_EQ(without("T-1"), "message-reference");
    const auto third = [](const std::string& to) {
        return outcome_of(saml::v11, in_message_signature([&](std::string text) {
                              const auto begin = text.find("<ds:Reference ");
                              const auto end = text.find("</ds:Reference>") + 15;
                              return text.insert(begin, with(text.substr(begin, end - begin), "#B-1", to));
                          }));
    };
    EXPECT_EQ(third("#A-1"), "accepted");
    EXPECT_EQ(third("#B-1"), "message-reference");
    EXPECT_EQ(changed(">A-1</wsse:KeyIdentifier>", ">A-2</wsse:KeyIdentifier>"), "message-reference");
    EXPECT_EQ(
        changed("wss-saml-token-profile-1.0#SAMLAssertionID\">A-1", "wss-x509-token-profile-1.0#X509\">A-2"),
        "accepted");
}

TEST(assertion_refusal, message_signature) {
    EXPECT_EQ(outcome(make_message({.sender = &shared_signer("Pharmacy Two")})), "message-signature");
    EXPECT_EQ(outcome_of(saml::v11, {}, replaced("COUNTER1-0001", "COUNTER1-0002")), "message-signature");
    EXPECT_EQ(
        outcome_of(saml::v11, {}, replaced("09:00:00.000Z</wsu:Created>", "09:00:01.000Z</wsu:Created>")),
        "message-signature");
    EXPECT_EQ(outcome_of(saml::v11, {}, in_message_signature([](std::string text) {
                             return with_section(std::move(text), "<ds:Signature ", "</ds:Signature>", "");
                         })),
              "message-signature");
}

TEST(assertion_refusal, an_object_in_a_signature) {
    EXPECT_EQ(outcome_of(saml::v11,
                         in_message_signature(replaced("</ds:Signature>", "<ds:Object/></ds:Signature>"))),
              "structure");
}

TEST(assertion_refusal, timestamp) {
    const auto changed = [](const std::string& from, const std::string& to) {
        return outcome_of(saml::v11, replaced(from, to));
    };
    EXPECT_EQ(outcome(make_message({.life = 3'600'000ms})), "accepted");
    EXPECT_EQ(outcome(make_message({.life = 3'600'001ms})), "timestamp");
    EXPECT_EQ(outcome(make_message({.life = 0ms})), "timestamp");
    EXPECT_EQ(outcome(make_message({.life = -1ms})), "timestamp");
    EXPECT_EQ(changed("09:00:00.000Z</wsu:Created>", "09:00:00.000</wsu:Created>"), "timestamp");
    EXPECT_EQ(changed("2026-03-02T09:00:00.000Z</wsu:Created>", "</wsu:Created>"), "timestamp");
    EXPECT_EQ(changed("2026-03-02T09:00:00.000Z</wsu:Created>", "1700-01-01T00:00:00Z</wsu:Created>"),
              "timestamp");
    EXPECT_EQ(changed("<wsu:Expires>", "<wsu:Created>2026-03-02T09:00:00Z</wsu:Created><wsu:Expires>"),
              "timestamp");
    EXPECT_EQ(changed("</wsu:Timestamp>", "<wsu:Other/></wsu:Timestamp>"), "timestamp");
    EXPECT_EQ(outcome_of(saml::v11, {},
                         [](std::string text) {
                             return with_section(std::move(text), "<wsu:Timestamp", "</wsu:Timestamp>", "");
                         }),
              "timestamp");
    EXPECT_EQ(changed("<soap:Header>",
                      "<soap:Header><wsu:Timestamp xmlns:wsu='http://docs.oasis-open.org/wss/2004/01/"
                      "oasis-200401-wss-wssecurity-utility-1.0.xsd'/>"),
              "timestamp");
}

TEST(assertion_refusal, stale) {
    const auto created = [](std::chrono::milliseconds at) {
        return outcome(make_message({.created = message_time + at}));
    };
    EXPECT_EQ(created(-300s), "accepted");
    EXPECT_EQ(created(-300'001ms), "stale");
    EXPECT_EQ(created(300s), "accepted");
    EXPECT_EQ(created(300'001ms), "stale");
    EXPECT_EQ(outcome(make_message({.created = wall_time::min() + 366 * 24h, .life = 1000ms})), "stale");
}

TEST(assertion_refusal, provider) {
    EXPECT_EQ(outcome(make_message({.provider = "00000002101"})), "provider");
    EXPECT_EQ(
        outcome_of(saml::v11, replaced("<c:Value>00000000101</c:Value>", "<c:Value>00000002101</c:Value>")),
        "provider");
    EXPECT_EQ(outcome_of(saml::v11,
                         [](std::string text) {
                             return with_all(std::move(text), "GetInsurabilityForPharmacistRequest", "Other");
                         }),
              "provider");
    EXPECT_EQ(outcome_of(saml::v11, replaced("<p:CommonInput>", "<p:CommonInput><p:Unknown/>")), "provider");
}

}  // namespace
}  // namespace garde::caller
