// What the cache reads from an answer.
#include "garde/soap/consult.hpp"

#include "../support/messages.hpp"
#include "relaxng.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace garde::soap {
namespace {

using test::fixture;
using test::with;
using test::with_all;
using test::with_section;

constexpr std::chrono::sys_days day(int y, unsigned m, unsigned d) {
    return std::chrono::year{y} / std::chrono::month{m} / std::chrono::day{d};
}

std::string pharmacist() {
    return fixture("consult-reply.xml");
}
std::string generic() {
    return fixture("generic-reply.xml");
}

std::string outcome(std::string_view message) {
    const auto reply = read_reply(message);
    return reply ? "read" : std::string(to_text(reply.error()));
}

/// An answer that must be readable.
consult_reply read(std::string_view message) {
    auto reply = read_reply(message);
    EXPECT_TRUE(reply.has_value()) << (reply ? "" : to_text(reply.error()));
    return reply ? std::move(*reply) : consult_reply{};
}

TEST(read_reply, reads_an_answer_to_a_pharmacist) {
    const auto reply = read(pharmacist());
    EXPECT_EQ(reply.payload_name, pharmacist_answer);
    EXPECT_FALSE(reply.fault);
    EXPECT_EQ(reply.status_code, "200");
    EXPECT_EQ(reply.return_code, "00/00/00000");
    EXPECT_FALSE(reply.multiple_io);
    EXPECT_FALSE(reply.message_fault);
    EXPECT_FALSE(reply.deceased);
    EXPECT_FALSE(reply.bound_to_request);
    ASSERT_TRUE(reply.care_receiver.has_value());
    EXPECT_TRUE(reply.care_receiver->ssin == secret_string("00000000101"));
    EXPECT_EQ(reply.care_receiver->mutuality, "100");
    EXPECT_TRUE(reply.care_receiver->registration == secret_string("0000000000001"));
    EXPECT_EQ(reply.communicated, day(2018, 8, 1));
    EXPECT_EQ(reply.period_begin, day(2018, 1, 1));
    EXPECT_EQ(reply.period_end, day(2018, 12, 31));
    EXPECT_FALSE(reply.is_test.has_value());
}

TEST(read_reply, reads_an_answer_of_the_generic_service) {
    const auto reply = read(generic());
    EXPECT_EQ(reply.payload_name, generic_answer);
    EXPECT_EQ(reply.status_code, "200");
    EXPECT_FALSE(reply.return_code.has_value());
    ASSERT_TRUE(reply.care_receiver.has_value());
    EXPECT_TRUE(reply.care_receiver->ssin == secret_string("00000000101"));
    EXPECT_EQ(reply.care_receiver->mutuality, "100");
    EXPECT_TRUE(reply.care_receiver->registration == secret_string("0000000000001"));
    EXPECT_EQ(reply.communicated, day(2018, 8, 1));
    EXPECT_EQ(reply.period_begin, day(2018, 8, 9));
    EXPECT_EQ(reply.period_end, day(2018, 8, 10));
    EXPECT_EQ(reply.is_test, false);
}

TEST(read_reply, the_fixture_is_valid) {
    EXPECT_EQ(test::complaint_of("consult-reply.rng", pharmacist()), "");
}

TEST(read_reply, the_grammar_refuses_what_the_schema_refuses) {
    EXPECT_NE(
        test::complaint_of("consult-reply.rng", with_section(pharmacist(), "<Status>", "</Status>", "")), "");
    EXPECT_NE(test::complaint_of("consult-reply.rng", with(pharmacist(), "2018-12-31", "2018-12-32")), "");
    EXPECT_NE(test::complaint_of("consult-reply.rng",
                                 with(pharmacist(), "<c:Communicated>", "<c:New/><c:Communicated>")),
              "");
    EXPECT_NE(test::complaint_of("consult-reply.rng", fixture("consult-request.xml")), "");
}

// --- errors
// ------------------------------------------------------------------------------------------------------------------

TEST(read_reply, what_is_not_whole_or_not_xml_is_not_read) {
    EXPECT_EQ(outcome(""), "not-xml");
    EXPECT_EQ(outcome(pharmacist().substr(0, 4000)), "not-xml");
    EXPECT_EQ(outcome(pharmacist() + std::string(1024 * 1024, ' ')), "not-xml");
    EXPECT_EQ(outcome(with(pharmacist(), "<soapenv:Envelope", "<!DOCTYPE x><soapenv:Envelope")), "dtd");
    EXPECT_EQ(outcome("<html/>"), "not-a-consult");
}

TEST(read_reply, other_answers_are_no_consults) {
    EXPECT_EQ(outcome(with_all(pharmacist(), "GetInsurabilityForPharmacistResponse", "GetSomethingResponse")),
              "not-a-consult");
    EXPECT_EQ(outcome(with_all(generic(), "GetInsurabilityResponse", "GetInsurabilityAsFlatResponse")),
              "not-a-consult");
    EXPECT_EQ(outcome(fixture("consult-request.xml")), "not-a-consult");
}

TEST(read_reply, what_is_read_must_not_be_there_twice) {
    EXPECT_EQ(outcome(with(pharmacist(), "<Status>", "<Status><Code>500</Code></Status><Status>")),
              "missing-field");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Coverage>", "<c:Coverage/><c:Coverage>")), "missing-field");
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Ssin>", "<c:Ssin>00000000102</c:Ssin><c:Ssin>")),
              "missing-field");
}

TEST(read_reply, a_value_must_be_plain) {
    EXPECT_EQ(outcome(with(pharmacist(), ">200<", ">2<!-- -->00<")), "missing-field");
}

TEST(read_reply, a_date_must_be_one_and_a_period_in_order) {
    EXPECT_EQ(outcome(with(pharmacist(), "2018-12-31", "2018-12-32")), "bad-date");
    EXPECT_EQ(outcome(with(pharmacist(), "2018-08-01", "")), "bad-date");
    EXPECT_EQ(outcome(with(pharmacist(), "2018-12-31", "2017-12-31")), "bad-date");
}

TEST(read_reply, unknown_elements_are_ignored) {
    EXPECT_EQ(outcome(with(pharmacist(), "<c:Coverage>", "<c:New><c:Period/></c:New><c:Coverage new='1'>")),
              "read");
}

// --- what decides
// -------------------------------------------------------------------------------------------------------------

TEST(read_reply, a_soap_fault_is_one) {
    const auto text = with_section(
        pharmacist(), "<p:GetInsurability", "</p:GetInsurabilityForPharmacistResponse>",
        "<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>x</faultstring></soapenv:Fault>");
    const auto reply = read(text);
    EXPECT_TRUE(reply.fault);
    EXPECT_EQ(reply.payload_name, fault_answer);
}

TEST(read_reply, a_status_counts_only_in_its_place) {
    EXPECT_EQ(read(with(pharmacist(), ">200<", "> 500 <")).status_code, "500");
    EXPECT_EQ(read(with_section(pharmacist(), "<Status>", "</Status>", "")).status_code, "");
    EXPECT_EQ(read(with_all(pharmacist(), "Status>", "p:Status>")).status_code, "");
    EXPECT_EQ(
        read(with(with(pharmacist(), "<Status>", "<x><Status>"), "</Status>", "</Status></x>")).status_code,
        "");
}

TEST(read_reply, the_return_code_has_three_parts) {
    EXPECT_EQ(read(with(pharmacist(), ">00000<", ">00012<")).return_code, "00/00/00012");
    EXPECT_EQ(read(with_section(pharmacist(), "<c:Minor>", "</c:Minor>", "")).return_code, "00//00000");
    EXPECT_FALSE(
        read(with_section(pharmacist(), "<p:ReturnInfo>", "</p:ReturnInfo>", "")).return_code.has_value());
}

TEST(read_reply, sees_what_forbids_keeping_in_any_place_and_namespace) {
    EXPECT_TRUE(read(with(pharmacist(), "</c:ReturnCode>", "</c:ReturnCode><c:MultipleIO>1 2</c:MultipleIO>"))
                    .multiple_io);
    EXPECT_TRUE(read(with(pharmacist(), "</c:Birthday>", "</c:Birthday><c:Deceased>2018-08-08</c:Deceased>"))
                    .deceased);
    EXPECT_TRUE(read(with(pharmacist(), "<c:Coverage>", "<c:Coverage><Deceased/>")).deceased);
    EXPECT_TRUE(
        read(with(generic(), "</g:Birthday>", "</g:Birthday><g:Deceased>2018-08-08</g:Deceased>")).deceased);
}

TEST(read_reply, reads_a_message_fault_of_the_generic_service) {
    auto text = with_section(
        generic(), "<g:CareReceiverDetail>", "</g:CareReceiverDetail>",
        "<g:CareReceiverId><g:Inss>00000000101</g:Inss></g:CareReceiverId><g:MessageFault>"
        "<g:FaultCode>MULTIIO_ERROR</g:FaultCode><g:FaultSource>s</g:FaultSource><g:MultiIO><g:IO>1</g:IO>"
        "<g:IO>2</g:IO></g:MultiIO><g:Message>m</g:Message><g:Details/></g:MessageFault>");
    text = with_section(text, "<g:InsurabilityResponseDetail>", "</g:InsurabilityResponseDetail>", "");
    const auto reply = read(text);
    EXPECT_TRUE(reply.message_fault);
    EXPECT_TRUE(reply.multiple_io);
    ASSERT_TRUE(reply.care_receiver.has_value());
    EXPECT_TRUE(reply.care_receiver->ssin == secret_string("00000000101"));
    EXPECT_FALSE(reply.period_begin.has_value());
}

TEST(read_reply, without_coverage_there_is_no_period) {
    const auto reply = read(with_section(pharmacist(), "<c:Coverage>", "</c:Coverage>", ""));
    EXPECT_FALSE(reply.communicated.has_value());
    EXPECT_FALSE(reply.period_begin.has_value());
    EXPECT_FALSE(reply.period_end.has_value());
}

TEST(read_reply, the_generic_answer_has_a_period_only_when_one_holds_throughout) {
    const auto item = [] {
        const auto text = generic();
        const auto begin = text.find("<g:InsurabilityItem>");
        const std::string_view end = "</g:InsurabilityItem>";
        return text.substr(begin, text.find(end) + end.size() - begin);
    }();
    const auto has_period = [](std::string_view text) { return read(text).period_begin.has_value(); };
    EXPECT_TRUE(has_period(generic()));
    EXPECT_TRUE(has_period(with(generic(), " Truncated=\"false\"", "")));
    EXPECT_FALSE(has_period(with(generic(), "Truncated=\"false\"", "Truncated=\"true\"")));
    EXPECT_FALSE(has_period(with(generic(), item, item + item)));
    EXPECT_FALSE(has_period(with(generic(), item, "")));
    EXPECT_FALSE(has_period(with_section(generic(), "<g:InsurabilityList", "</g:InsurabilityList>", "")));
    EXPECT_FALSE(
        has_period(with(generic(), "<g:Payment>", "<g:GeneralSituation Event='changeDuring'/><g:Payment>")));
}

TEST(read_reply, the_generic_answer_says_whether_it_is_a_test) {
    EXPECT_EQ(read(with(generic(), "TestFlag=\"false\"", "TestFlag=\"true\"")).is_test, true);
    EXPECT_EQ(read(with(generic(), "TestFlag=\"false\"", "TestFlag=\"0\"")).is_test, false);
    EXPECT_FALSE(read(with(generic(), " TestFlag=\"false\"", "")).is_test.has_value());
}

TEST(read_reply, sees_what_binds_an_answer_to_its_request) {
    const auto in_header = [](std::string_view content) {
        return read(with(pharmacist(), "<soapenv:Header/>",
                         "<soapenv:Header>" + std::string(content) + "</soapenv:Header>"))
            .bound_to_request;
    };
    EXPECT_TRUE(
        in_header("<w:SignatureConfirmation "
                  "xmlns:w='http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd'/>"));
    EXPECT_TRUE(
        in_header("<a:RelatesTo xmlns:a='http://www.w3.org/2005/08/addressing'>urn:uuid:1</a:RelatesTo>"));
    EXPECT_TRUE(in_header(
        "<a:RelatesTo xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing'>urn:uuid:1</a:RelatesTo>"));
    EXPECT_TRUE(
        in_header("<s><u:Timestamp xmlns:u='urn:u'><u:Created/></u:Timestamp><u:Timestamp "
                  "xmlns:u='urn:u'><u:Expires/></u:Timestamp></s>"));
    EXPECT_FALSE(in_header("<s><u:Timestamp xmlns:u='urn:u'><u:Created/></u:Timestamp></s>"));
    EXPECT_FALSE(
        in_header("<a:MessageID xmlns:a='http://www.w3.org/2005/08/addressing'>urn:uuid:1</a:MessageID>"));
}

}  // namespace
}  // namespace garde::soap
