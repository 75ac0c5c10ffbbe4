// What makes a question fit for the cache, and every reason why it is not.
#include "garde/soap/consult.hpp"
#include "garde/soap/consult_tree.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>
#include <libxml/parser.h>

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace garde::soap {
namespace {

using namespace std::chrono_literals;
using test::fixture;
using test::with;
using test::with_all;
using test::with_section;

constexpr std::chrono::sys_days day(int y, unsigned m, unsigned d) {
    return std::chrono::year{y} / std::chrono::month{m} / std::chrono::day{d};
}

std::string pharmacist() {
    return fixture("consult-request.xml");
}
std::string generic() {
    return fixture("generic-request.xml");
}

/// The error's name, or `read`: never the content.
std::string outcome(std::string_view message) {
    const auto request = read_request(message);
    return request ? "read" : std::string(to_text(request.error()));
}

TEST(read_request, reads_a_pharmacists_question) {
    const auto request = read_request(pharmacist());
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->payload_name, pharmacist_question);
    EXPECT_FALSE(request->is_test);
    EXPECT_EQ(request->provider_quality, "pharmacy-holder");
    EXPECT_EQ(request->provider_nihii, "00000000101");
    EXPECT_EQ(request->organization_nihii, "00000101");
    EXPECT_TRUE(request->care_receiver.ssin == secret_string("00000000101"));
    EXPECT_TRUE(request->care_receiver.mutuality.empty());
    EXPECT_TRUE(request->care_receiver.registration.empty());
    EXPECT_EQ(request->request_type, "0");
    EXPECT_EQ(request->date, day(2018, 8, 9));
    EXPECT_EQ(request->last_date, request->date);
}

TEST(read_request, reads_a_question_to_the_generic_service) {
    const auto request = read_request(generic());
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->payload_name, generic_question);
    EXPECT_FALSE(request->is_test);
    EXPECT_EQ(request->provider_quality, "nurse");
    EXPECT_EQ(request->provider_nihii, "00000000201");
    EXPECT_EQ(request->organization_nihii, "");
    EXPECT_TRUE(request->care_receiver.ssin.empty());
    EXPECT_EQ(request->care_receiver.mutuality, "100");
    EXPECT_TRUE(request->care_receiver.registration == secret_string("0000000000001"));
    EXPECT_EQ(request->request_type,
              "information\x1F"
              "ambulatory_care\x1FM801000\x1F"
              "01");
    EXPECT_EQ(request->date, day(2018, 8, 9));
    EXPECT_EQ(request->last_date, day(2018, 8, 10));
}

/// What read_request_in says of the message's Body, parsed as it stands.
std::expected<consult_request, consult_error> in_tree(const std::string& message) {
    const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> tree(
        xmlReadMemory(message.data(), static_cast<int>(message.size()), nullptr, "UTF-8", XML_PARSE_NONET),
        &xmlFreeDoc);
    return read_request_in(*xmlLastElementChild(xmlDocGetRootElement(tree.get())));
}

std::string outcome_in_tree(const std::string& message) {
    const auto request = in_tree(message);
    return request ? "read" : std::string(to_text(request.error()));
}

TEST(read_request_in, reads_the_same_as_from_the_text) {
    for (const auto& message : {pharmacist(), generic()}) {
        const auto from_text = read_request(message);
        const auto from_tree = in_tree(message);
        ASSERT_TRUE(from_text && from_tree);
        EXPECT_EQ(from_tree->payload_name, from_text->payload_name);
        EXPECT_EQ(from_tree->provider_quality, from_text->provider_quality);
        EXPECT_EQ(from_tree->provider_nihii, from_text->provider_nihii);
        EXPECT_EQ(from_tree->organization_nihii, from_text->organization_nihii);
        EXPECT_EQ(from_tree->request_type, from_text->request_type);
        EXPECT_EQ(from_tree->date, from_text->date);
        EXPECT_TRUE(from_tree->care_receiver.identifiers() == from_text->care_receiver.identifiers());
    }
}

TEST(read_request_in, reads_a_body_of_either_soap_version) {
    EXPECT_EQ(outcome_in_tree(with(pharmacist(), "http://schemas.xmlsoap.org/soap/envelope/",
                                   "http://www.w3.org/2003/05/soap-envelope")),
              "read");
}

TEST(read_request_in, a_body_holds_one_payload_and_nothing_else) {
    const std::string_view payload = "<p:GetInsurabilityForPharmacistRequest";
    EXPECT_EQ(outcome_in_tree(with(pharmacist(), payload, "<!-- -->" + std::string(payload))), "read");
    for (const std::string before : {"text", "<other/>", "<![CDATA[ ]]>", "<?an instruction?>"})
        EXPECT_EQ(outcome_in_tree(with(pharmacist(), payload, before + std::string(payload))),
                  "not-a-consult")
            << before;
    EXPECT_EQ(
        outcome_in_tree(with_section(pharmacist(), payload, "</p:GetInsurabilityForPharmacistRequest>", "")),
        "not-a-consult");
    EXPECT_EQ(outcome_in_tree(with(pharmacist(), "<c:Request>", "<c:Request><c:Unknown/>")),
              "unknown-element");
}

TEST(read_request, what_stands_in_the_header_makes_no_difference) {
    const auto whole = read_request(pharmacist());
    ASSERT_TRUE(whole);
    const auto same = [&](const std::string& message) {
        const auto other = read_request(message);
        return other && other->care_receiver.identifiers() == whole->care_receiver.identifiers() &&
               other->provider_nihii == whole->provider_nihii && other->date == whole->date;
    };
    EXPECT_TRUE(same(with_section(pharmacist(), "<soapenv:Header>", "</soapenv:Header>", "")));
    EXPECT_TRUE(
        same(with_section(pharmacist(), "<soapenv:Header>", "</soapenv:Header>", "<soapenv:Header/>")));
    EXPECT_TRUE(same(with_section(pharmacist(), "<soapenv:Header>", "</soapenv:Header>",
                                  "<soapenv:Header><soapenv:Body>none</soapenv:Body></soapenv:Header>")));
    EXPECT_FALSE(read_request(with(pharmacist(), "</wsu:Created>", "</wsu:Expires>")))
        << "it must be well-formed all the same";
}

TEST(read_request, values_are_trimmed) {
    const auto request =
        read_request(with(pharmacist(), ">00000000101</c:Value>", ">\n\t 00000000101 \r\n</c:Value>"));
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->provider_nihii, "00000000101");
}

TEST(read_request, is_test_is_a_boolean_and_false_when_absent) {
    EXPECT_FALSE(read_request(with_section(pharmacist(), "<c:Request>", "</c:Request>", ""))->is_test);
    EXPECT_TRUE(read_request(with(pharmacist(), ">false</c:IsTest>", ">true</c:IsTest>"))->is_test);
    EXPECT_TRUE(read_request(with(pharmacist(), ">false</c:IsTest>", "> 1 </c:IsTest>"))->is_test);
    EXPECT_FALSE(read_request(with(pharmacist(), ">false</c:IsTest>", ">0</c:IsTest>"))->is_test);
    EXPECT_EQ(outcome(with(pharmacist(), ">false</c:IsTest>", ">no</c:IsTest>")), "missing-field");
}

TEST(read_request, a_test_flag_must_agree_with_is_test) {
    EXPECT_EQ(outcome(with(generic(), "TestFlag=\"false\"", "TestFlag=\"true\"")), "missing-field");
    EXPECT_EQ(outcome(with(generic(), " TestFlag=\"false\"", "")), "read");
    const auto test = with(with(generic(), "TestFlag=\"false\"", "TestFlag=\"1\""), ">false</g:IsTest>",
                           ">true</g:IsTest>");
    EXPECT_TRUE(read_request(test)->is_test);
}

TEST(read_request, the_soap_header_does_not_count) {
    EXPECT_EQ(outcome(with_section(pharmacist(), "<soapenv:Header>", "</soapenv:Header>", "")), "read");
    EXPECT_EQ(outcome(with(pharmacist(), "<soapenv:Header>", "<soapenv:Header><x Ref='#y'/>")), "read");
}

TEST(read_request, ids_and_comments_between_elements_do_not_count) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Package>", "<!-- c --><?pi?><c:Package Id='P1'>")), "read");
}

TEST(read_request, an_empty_extended_information_does_not_count) {
    EXPECT_EQ(outcome(with(pharmacist(), "</p:GetInsurability",
                           "<p:ExtendedInformation> </p:ExtendedInformation></p:GetInsurability")),
              "read");
}

TEST(read_request, an_optional_element_may_be_empty) {
    EXPECT_EQ(outcome(with(pharmacist(), "</c:Ssin>\n        </c:CareReceiver>",
                           "</c:Ssin><c:RegNrWithMut/></c:CareReceiver>")),
              "read");
}

// --- not_xml, dtd, not_a_consult
// ---------------------------------------------------------------------------------------------

TEST(read_request, what_is_not_well_formed_is_not_xml) {
    EXPECT_EQ(outcome(""), "not-xml");
    EXPECT_EQ(outcome("hello"), "not-xml");
    EXPECT_EQ(outcome(pharmacist().substr(0, 5000)), "not-xml");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Name>", "<c:Name a='1' a='2'>")), "not-xml");
    EXPECT_EQ(outcome(with(pharmacist(), "EXAMPLE-PACKAGE", "\xC3\x28")), "not-xml");
}

TEST(read_request, an_encoding_other_than_utf_8_does_not_change_the_reading) {
    // The scanner and the reader must see the same text: in UTF-7 the first would be an element, in Latin-1
    // the second a letter.
    const auto declared = [](std::string_view encoding, std::string_view name) {
        return with(with(pharmacist(), "UTF-8", encoding), "EXAMPLE-PACKAGE", name);
    };
    EXPECT_EQ(outcome(declared("UTF-7", "+ADw-x+AD4-")), "read");
    EXPECT_EQ(outcome(declared("ISO-8859-1", "caf\xE9")), "not-xml");
}

TEST(read_request, a_prefix_without_declaration_is_not_xml) {
    EXPECT_EQ(outcome(with(pharmacist(), "<soapenv:Header>", "<soapenv:Header x:y='1'>")), "not-xml");
}

TEST(read_request, bounds_on_size_and_depth) {
    EXPECT_EQ(outcome(pharmacist() + std::string(1024 * 1024, ' ')), "not-xml");
    std::string deep;
    for (int i = 0; i < 70; ++i) deep += "<a>";
    EXPECT_EQ(outcome(with(pharmacist(), "<soapenv:Header>", "<soapenv:Header>" + deep)), "not-xml");
}

TEST(read_request, attributes_by_the_thousand_are_refused_before_anybody_compares_them) {
    std::string attributes;
    for (int i = 0; i < 90'000; ++i) attributes += " a" + std::to_string(i) + "=''";
    EXPECT_EQ(outcome(with(pharmacist(), "<p:CommonInput>", "<p:CommonInput" + attributes + ">")), "not-xml");
}

TEST(read_request, a_document_type_is_refused_and_nothing_in_it_is_looked_at) {
    const auto declared = [](std::string_view type) {
        return with(pharmacist(), "<soapenv:Envelope", std::string(type) + "<soapenv:Envelope");
    };
    EXPECT_EQ(outcome(declared("<!DOCTYPE x>")), "dtd");
    EXPECT_EQ(outcome(declared("<!DOCTYPE x SYSTEM 'http://192.0.2.1/x.dtd'>")), "dtd");
    EXPECT_EQ(outcome(declared("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>")), "dtd");
}

TEST(read_request, other_messages_are_no_consults) {
    EXPECT_EQ(outcome("<a/>"), "not-a-consult");
    EXPECT_EQ(outcome(with_all(pharmacist(), "http://schemas.xmlsoap.org/soap/envelope/",
                               "http://www.w3.org/2003/05/soap-envelope")),
              "not-a-consult");
    EXPECT_EQ(outcome(with(pharmacist(), "insurability:protocol:v2", "insurability:protocol:v3")),
              "not-a-consult");
    EXPECT_EQ(outcome(with_all(pharmacist(), "GetInsurabilityForPharmacistRequest", "GetSomethingRequest")),
              "not-a-consult");
    EXPECT_EQ(outcome(with_all(generic(), "GetInsurabilityRequest", "GetInsurabilityAsFlatRequest")),
              "not-a-consult");
    EXPECT_EQ(outcome(with(pharmacist(), "</soapenv:Body>", "<x/></soapenv:Body>")), "not-a-consult");
    EXPECT_EQ(outcome(with_section(pharmacist(), "<p:GetInsurabilityForPharmacistRequest",
                                   "</p:GetInsurabilityForPharmacistRequest>", "")),
              "not-a-consult");
    EXPECT_EQ(outcome(fixture("consult-reply.xml")), "not-a-consult");
}

// --- reference, extended_information, unknown_element
// --------------------------------------------------------------------

TEST(read_request, a_reference_anywhere_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Nihii>", "<c:Nihii Ref='#xpointer(x)'>")), "reference");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Value>", "<c:Value ValueRef='#xpointer(x)'>")), "reference");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Username>", "<c:Username ValueRef=''>")), "reference");
    EXPECT_EQ(outcome(with(pharmacist(), "<p:GetInsurabilityForPharmacistRequest",
                           "<p:GetInsurabilityForPharmacistRequest Ref='x'")),
              "reference");
}

TEST(read_request, an_extended_information_with_content_is_refused) {
    for (const auto* content :
         {"<x/>", "<saml:Attribute xmlns:saml='urn:oasis:names:tc:SAML:2.0:assertion'/>", "text"})
        EXPECT_EQ(outcome(with(pharmacist(), "</p:InsurabilityRequest>",
                               "</p:InsurabilityRequest><p:ExtendedInformation>" + std::string(content) +
                                   "</p:ExtendedInformation>")),
                  "extended-information");
}

TEST(read_request, an_element_that_the_recipe_does_not_know_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:RequestType>", "<c:Urgent/><c:RequestType>")),
              "unknown-element");
    EXPECT_EQ(outcome(with(pharmacist(), "<p:RecordCommonInput>", "<c:Urgent/><p:RecordCommonInput>")),
              "unknown-element");
    EXPECT_EQ(outcome(with_all(pharmacist(), "c:RequestType", "p:RequestType")), "unknown-element");
    EXPECT_EQ(outcome(with_all(pharmacist(), "p:RecordCommonInput", "c:RecordCommonInput")),
              "unknown-element");
    EXPECT_EQ(outcome(with(pharmacist(), ">0</c:RequestType>", "><x>0</x></c:RequestType>")),
              "unknown-element");
    EXPECT_EQ(outcome(with(generic(), "<g:CareReceiverId>", "<g:Urgent/><g:CareReceiverId>")),
              "unknown-element");
}

TEST(read_request, a_known_element_in_another_place_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:RequestType>", "<c:Ssin>00000000102</c:Ssin><c:RequestType>")),
              "unknown-element");
    EXPECT_EQ(outcome(with(generic(), "<g:Period>", "<g:Period><g:Mutuality>100</g:Mutuality>")),
              "unknown-element");
}

TEST(read_request, an_attribute_that_the_recipe_does_not_know_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:RequestType>", "<c:RequestType mode='x'>")), "unknown-element");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:RequestType>", "<c:RequestType c:Id='x'>")), "unknown-element");
    EXPECT_EQ(outcome(with(generic(), "<Request ", "<Request Urgent='1' ")), "unknown-element");
    EXPECT_EQ(outcome(with(generic(), "<CommonInput>", "<CommonInput TestFlag='false'>")), "unknown-element");
}

TEST(read_request, text_between_elements_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:CareReceiver>", "<c:CareReceiver>text")), "unknown-element");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:CareReceiver>", "<c:CareReceiver><![CDATA[text]]>")),
              "unknown-element");
}

TEST(read_request, a_comment_within_a_value_is_refused) {
    EXPECT_EQ(outcome(with(pharmacist(), ">00000000101</c:Value>", ">000000<!-- -->00101</c:Value>")),
              "unknown-element");
}

// --- missing_field, bad_date
// ---------------------------------------------------------------------------------------------

TEST(read_request, every_field_of_the_key_must_be_there) {
    for (const std::string name : {"c:Quality", "c:Value", "c:RequestType", "c:Date"}) {
        EXPECT_EQ(outcome(with_section(pharmacist(), "<" + name + ">", "</" + name + ">", "")),
                  "missing-field")
            << name;
        EXPECT_EQ(outcome(with_section(pharmacist(), "<" + name + ">", "</" + name + ">",
                                       "<" + name + "> </" + name + ">")),
                  "missing-field")
            << name;
    }
    EXPECT_EQ(outcome(with_section(pharmacist(), "<c:CareProvider>", "</c:CareProvider>", "")),
              "missing-field");
    for (const std::string name : {"g:InsurabilityRequestType", "g:InsurabilityContactType", "g:PeriodStart",
                                   "g:PeriodEnd", "g:Period"})
        EXPECT_EQ(outcome(with_section(generic(), "<" + name + ">", "</" + name + ">", "")), "missing-field")
            << name;
}

TEST(read_request, a_patient_needs_a_national_number_or_a_whole_registration) {
    const auto by = [](std::string_view children) {
        return with_section(pharmacist(), "<c:CareReceiver>", "</c:CareReceiver>",
                            "<c:CareReceiver>" + std::string(children) + "</c:CareReceiver>");
    };
    const std::string ssin = "<c:Ssin>00000000101</c:Ssin>";
    const std::string number = "<c:RegNrWithMut>0000000000001</c:RegNrWithMut>";
    const std::string insurer = "<c:Mutuality>100</c:Mutuality>";
    EXPECT_EQ(outcome(by(ssin)), "read");
    EXPECT_EQ(outcome(by(number + insurer)), "read");
    EXPECT_EQ(outcome(by(ssin + number + insurer)), "read");
    EXPECT_EQ(outcome(by("")), "missing-field");
    EXPECT_EQ(outcome(by(number)), "missing-field");
    EXPECT_EQ(outcome(by(insurer)), "missing-field");
    EXPECT_EQ(outcome(by(ssin + insurer)), "missing-field");
    EXPECT_EQ(outcome(by(ssin + number)), "missing-field");
}

TEST(read_request, an_element_twice_is_refused) {
    EXPECT_EQ(
        outcome(with(pharmacist(), "<c:RequestType>", "<c:RequestType>1</c:RequestType><c:RequestType>")),
        "missing-field");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:CareReceiver>", "<c:CareReceiver/><c:CareReceiver>")),
              "missing-field");
    EXPECT_EQ(outcome(with(pharmacist(), "<p:CommonInput>", "<p:CommonInput/><p:CommonInput>")),
              "missing-field");
}

TEST(read_request, a_date_must_be_one) {
    for (const std::string_view date : {"2018-02-30", "09/08/2018", "2018-08-09T00:00:00", "tomorrow"})
        EXPECT_EQ(outcome(with(pharmacist(), ">2018-08-09</c:Date>", ">" + std::string(date) + "</c:Date>")),
                  "bad-date")
            << date;
    EXPECT_EQ(outcome(with(pharmacist(), ">2018-08-09</c:Date>", ">2018-08-09+02:00</c:Date>")), "read");
}

TEST(read_request, a_period_must_not_end_before_it_begins) {
    EXPECT_EQ(outcome(with(generic(), "2018-08-10</g:PeriodEnd>", "2018-08-08</g:PeriodEnd>")), "bad-date");
}

// --- privacy
// ---------------------------------------------------------------------------------------------------------------

TEST(read_request, the_licence_is_tolerated_and_not_kept) {
    auto request = read_request(pharmacist());
    ASSERT_TRUE(request.has_value());
    for (const auto& text :
         {request->payload_name, request->provider_quality, request->provider_nihii,
          request->organization_nihii, request->request_type, request->care_receiver.mutuality})
        EXPECT_EQ(text.find("l1cence"), std::string::npos);
    EXPECT_EQ(outcome(with_section(pharmacist(), "<c:License>", "</c:License>", "")), "read");
}

TEST(read_request, says_nothing_on_standard_error) {
    testing::internal::CaptureStderr();
    // Well-formed for the scanner, which does not decode characters or compare attributes, but not for
    // libxml2.
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Ssin>", "<c:Ssin a='1' a='2'>")), "not-xml");
    EXPECT_EQ(outcome(with(pharmacist(), "00000000199", "\xFF")), "not-xml");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// --- identifiers
// -------------------------------------------------------------------------------------------------------------

TEST(patient, identifiers_are_those_that_are_whole) {
    const auto is = [](const secret_string& value, std::string_view text) { return value.reveal() == text; };
    EXPECT_TRUE(patient{}.identifiers().empty());
    EXPECT_TRUE((patient{{}, "100", {}}.identifiers().empty()));
    EXPECT_TRUE((patient{{}, "", secret_string("1")}.identifiers().empty()));
    const auto both =
        patient{secret_string("00000000101"), "100", secret_string("0000000000001")}.identifiers();
    ASSERT_EQ(both.size(), 2U);
    EXPECT_TRUE(is(both[0], "ssin:00000000101"));
    EXPECT_TRUE(is(both[1], "reg:100/0000000000001"));
}

}  // namespace
}  // namespace garde::soap
