// Questions read by a route's own recipe.
#include "garde/soap/element_recipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace garde::soap {
namespace {

using testing::HasSubstr;

std::string envelope(std::string_view body) {
    return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + std::string(body) +
           "</s:Body></s:Envelope>";
}

element_recipe recipe() {
    return *element_recipe::make({"/Ask/Number", "/Ask/Period/@unit", "/Ask/Period/From"},
                                 {"/Ask/Reference", "/Ask/Sender"});
}

std::vector<std::string> values_of(std::string_view body) {
    const auto read = recipe().read(envelope(body));
    if (!read) return {std::string(to_text(read.error()))};
    std::vector<std::string> out{read->payload_name};
    for (const auto& one : read->values) out.emplace_back(one.reveal());
    return out;
}

TEST(element_recipe, reads_what_its_key_names) {
    EXPECT_EQ(
        values_of("<a:Ask xmlns:a=\"urn:a\" Id=\"1\"><a:Number> 7 </a:Number><a:Period unit=\"day\">"
                  "<a:From><![CDATA[x]]></a:From></a:Period><a:Reference>r<a:Deep/></a:Reference></a:Ask>"),
        (std::vector<std::string>{"{urn:a}Ask", "=urn:a 7", "= day", "=urn:a x"}));
}

TEST(element_recipe, what_is_absent_is_not_what_is_empty) {
    EXPECT_EQ(values_of("<Ask><Number/></Ask>"), (std::vector<std::string>{"{}Ask", "= ", "", ""}));
    EXPECT_EQ(values_of("<Ask/>"), (std::vector<std::string>{"{}Ask", "", "", ""}));
}

TEST(element_recipe, what_is_ignored_may_be_there_often_and_hold_anything) {
    EXPECT_EQ(values_of("<Ask><Sender at=\"1\"><Sender/></Sender><Sender>x</Sender><Number>7</Number></Ask>"),
              values_of("<Ask><Number>7</Number></Ask>"));
}

TEST(element_recipe, what_it_does_not_name_makes_a_question_unfit) {
    const std::vector<std::string> unknown{"unknown-element"};
    EXPECT_EQ(values_of("<Ask><Number>7</Number><Other/></Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask><Number>7</Number>text</Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask kind=\"1\"><Number>7</Number></Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask><Number kind=\"1\">7</Number></Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask><Number>7<More/></Number></Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask><Number>7<!-- -->8</Number></Ask>"), unknown);
    EXPECT_EQ(values_of("<Ask><Period><Number>7</Number></Period></Ask>"), unknown);
}

TEST(element_recipe, of_two_values_nobody_knows_which_counts) {
    EXPECT_EQ(values_of("<Ask><Number>7</Number><Number>8</Number></Ask>"),
              std::vector<std::string>{"missing-field"});
    EXPECT_EQ(values_of("<Ask><Period><From>7</From></Period><Period/></Ask>"),
              std::vector<std::string>{"missing-field"});
    EXPECT_EQ(values_of("<Ask><Period unit=\"day\" x:unit=\"week\" xmlns:x=\"urn:x\"/></Ask>"),
              std::vector<std::string>{"missing-field"});
}

TEST(element_recipe, other_messages_are_none) {
    EXPECT_EQ(values_of("<Tell><Number>7</Number></Tell>"), std::vector<std::string>{"not-a-consult"});
    EXPECT_EQ(values_of("<Ask/><Ask/>"), std::vector<std::string>{"not-a-consult"});
    EXPECT_EQ(recipe().read("<!DOCTYPE a>" + envelope("<Ask/>")).error(), consult_error::dtd);
    EXPECT_EQ(recipe().read(envelope("<Ask>&x;</Ask>")).error(), consult_error::not_xml);
    std::string deep = "<Ask>";
    for (int i = 0; i < 70; ++i) deep += "<Sender>";
    for (int i = 0; i < 70; ++i) deep += "</Sender>";
    EXPECT_EQ(recipe().read(envelope(deep + "</Ask>")).error(), consult_error::not_xml);
}

std::string problem_of(const std::vector<std::string>& key, const std::vector<std::string>& ignored = {}) {
    const auto made = element_recipe::make(key, ignored);
    return made ? "" : made.error().what + "; " + made.error().instead;
}

TEST(element_recipe, paths_that_cannot_be) {
    EXPECT_EQ(problem_of({"/A/B", "/A/B/@c", "/A/@d", "/E"}, {"/A/F"}), "");
    EXPECT_THAT(problem_of({"A/B"}), HasSubstr("\"A/B\", which does not begin with '/'; write local names"));
    EXPECT_THAT(problem_of({"/A//B"}), HasSubstr("a step that is no name"));
    EXPECT_THAT(problem_of({"/"}), HasSubstr("a step that is no name"));
    EXPECT_THAT(problem_of({"/a:A/B"}), HasSubstr("has a prefix"));
    EXPECT_THAT(problem_of({"/@a"}), HasSubstr("an attribute elsewhere"));
    EXPECT_THAT(problem_of({"/A/@a/B"}), HasSubstr("an attribute elsewhere"));
    EXPECT_THAT(problem_of({"/A/B", "/A/B"}), HasSubstr("is there already"));
    EXPECT_THAT(problem_of({"/A/B"}, {"/A/B"}), HasSubstr("is there already"));
    EXPECT_THAT(problem_of({"/A/B", "/A/B/C"}), HasSubstr("lies below another"));
    EXPECT_THAT(problem_of({"/A/B/C", "/A/B"}), HasSubstr("lies above another"));
    EXPECT_THAT(problem_of({"/A/B/@c"}, {"/A/B"}), HasSubstr("lies above another"));
    EXPECT_THAT(problem_of({"/A"}, {"/A/B"}), HasSubstr("lies below another"));
    EXPECT_THAT(problem_of({"/1/2/3/4"}), HasSubstr("no name"));
    EXPECT_THAT(problem_of({"/A/B/C/D/E/F/G/H/I/J/K/L/M/N/O/P/Q"}), HasSubstr("too many steps"));
    EXPECT_THAT(problem_of({"/GetInsurabilityRequest/Request"}), HasSubstr("knows by itself"));
    std::vector<std::string> many;
    for (std::size_t i = 0; i <= element_recipe::most_paths; ++i) many.push_back("/A/B" + std::to_string(i));
    EXPECT_THAT(problem_of(many), HasSubstr("one path too many"));
}

}  // namespace
}  // namespace garde::soap
