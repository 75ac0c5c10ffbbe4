// Refusals for the message's own signature, its time and the provider in its Body. Signed as they stand where
// that can be, so that only the check under test can refuse them.
#include "refusing.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

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
using test::with;
using test::with_all;
using test::with_section;

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
