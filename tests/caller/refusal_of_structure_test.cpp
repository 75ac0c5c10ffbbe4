// Refusals for what a message looks like, before anything is verified: an honest message with one thing
// wrong, most of them signed as they stand, so that only the check under test can refuse them.
#include "refusing.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace garde::caller {
namespace {

using test::edit;
using test::make_message;
using test::outcome;
using test::outcome_of;
using test::outcome_of_assertion;
using test::replaced;
using test::saml;
using test::with;
using test::with_all;

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

}  // namespace
}  // namespace garde::caller
