// What is looked for below the Body: an element by its name, for probes, and the insurer that a question
// names.
#include "garde/soap/envelope_scan.hpp"

#include "../support/messages.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace garde::soap {
namespace {

using test::fixture;
using test::with;

std::string in_envelope(std::string_view children) {
    return std::string("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">")
        .append(children)
        .append("</s:Envelope>");
}

std::string in_body(std::string_view content) {
    return in_envelope("<s:Body>" + std::string(content) + "</s:Body>");
}

TEST(body_has_element, finds_the_payload_and_what_is_below) {
    const auto text = fixture("consult-reply.xml");
    EXPECT_TRUE(body_has_element(text, "GetInsurabilityForPharmacistResponse"));
    EXPECT_TRUE(body_has_element(text, "PaymentApproval"));
    EXPECT_TRUE(body_has_element(in_body("<a/><b/>"), "b"));
}

TEST(body_has_element, finds_nothing_else) {
    const auto text = in_envelope("<s:Header><h/></s:Header><s:Body><a>b</a></s:Body>");
    EXPECT_FALSE(body_has_element(text, "h"));
    EXPECT_FALSE(body_has_element(text, "b"));
    EXPECT_FALSE(body_has_element(text, "Body"));
    EXPECT_FALSE(body_has_element(text, "s:a"));
    EXPECT_FALSE(body_has_element(text, ""));
}

TEST(body_has_element, needs_a_complete_envelope) {
    const auto text = in_body("<a/>");
    ASSERT_TRUE(body_has_element(text, "a"));
    EXPECT_FALSE(body_has_element(text.substr(0, text.size() - 1), "a"));
}

// --- the insurer ---

TEST(insurer_number, is_read_from_a_question) {
    EXPECT_EQ(insurer_number(fixture("generic-request.xml")), 100);
    EXPECT_EQ(insurer_number(in_body("<q xmlns:c='urn:c'><c:Mutuality>306</c:Mutuality></q>")), 306);
    EXPECT_EQ(insurer_number(in_body("<q><Mutuality x='1'>7</Mutuality></q>")), 7);
}

TEST(insurer_number, most_questions_name_none) {
    EXPECT_EQ(insurer_number(fixture("consult-request.xml")), std::nullopt);
    EXPECT_EQ(insurer_number(in_body("<q/>")), std::nullopt);
}

TEST(insurer_number, of_several_the_first_counts) {
    EXPECT_EQ(insurer_number(in_body("<q><Mutuality>1</Mutuality><Mutuality>2</Mutuality></q>")), 1);
}

TEST(insurer_number, what_is_no_plain_number_is_none) {
    for (const auto* text : {"", " ", "0", "-1", "+1", "1a", "a", "1.0", " 100", "100 ", "65536",
                             "99999999999", "<x>100</x>", "&#49;", "<!-- -->100", "<![CDATA[100]]>"})
        EXPECT_EQ(insurer_number(in_body("<q><Mutuality>" + std::string(text) + "</Mutuality></q>")),
                  std::nullopt)
            << text;
    EXPECT_EQ(insurer_number(in_body("<q><Mutuality>65535</Mutuality></q>")), 65'535);
}

TEST(insurer_number, an_empty_element_is_none_whatever_stands_behind_it) {
    EXPECT_EQ(insurer_number(in_body("<q><Mutuality/>100</q>")), std::nullopt);
    EXPECT_EQ(insurer_number(in_body("<q><Mutuality></Mutuality>100</q>")), std::nullopt);
}

TEST(insurer_number, is_not_looked_for_outside_the_body) {
    EXPECT_EQ(
        insurer_number(in_envelope("<s:Header><Mutuality>100</Mutuality></s:Header><s:Body><q/></s:Body>")),
        std::nullopt);
}

TEST(insurer_number, needs_a_complete_envelope) {
    const std::string text = in_body("<q><Mutuality>100</Mutuality></q>");
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_EQ(insurer_number(std::string_view(text).substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(insurer_number("Mutuality 100"), std::nullopt);
}

}  // namespace
}  // namespace garde::soap
