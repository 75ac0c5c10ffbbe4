// Expressions for probes: which are refused and with which words, and what they select in a message.
#include "garde/soap/xpath.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace garde::soap {
namespace {

using testing::HasSubstr;

std::string envelope(std::string_view body) {
    return R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>)" + std::string(body) +
           "</s:Body></s:Envelope>";
}

const std::string answer = envelope(
    R"(<p:Reply xmlns:p="urn:p" kind="whole"><Status><Code>200</Code></Status><p:Item>a:b</p:Item></p:Reply>)");

void expect_mistake(const std::string& expression, const std::string& what) {
    const auto found = check_xpath(expression);
    ASSERT_TRUE(found) << expression;
    EXPECT_THAT(found->what, HasSubstr(what)) << expression;
    EXPECT_FALSE(found->instead.empty()) << expression;
}

TEST(xpath, what_it_selects) {
    for (const auto* expression :
         {"//Status", "//Status/Code[.='200']", "//*[local-name()='Reply']/@kind",
          "//*[local-name()='Item' and namespace-uri()='urn:p']", "//Code/text()", "//Status | //Nothing",
          "//Status[Code='200' or (1 div 0) = 2]", "/*/*/*[count(*) > 1]", "//*[.='a:b']",
          "//*[. = \"a:b$c\"] | //Code", "//node()", "//Status/child::Code", "//Code[not(. != 200)]"}) {
        EXPECT_FALSE(check_xpath(expression)) << expression;
        EXPECT_TRUE(xpath_selects(expression, answer)) << expression;
    }
}

TEST(xpath, what_it_does_not_select) {
    for (const auto* expression : {"//Code[.='500']", "//Reply", "//Status/@kind",
                                   "//*[local-name()='Fault']", "//*[@xml:lang='fr']", "id('x')"}) {
        EXPECT_FALSE(check_xpath(expression)) << expression;
        EXPECT_FALSE(xpath_selects(expression, answer)) << expression;
    }
}

TEST(xpath, a_message_that_is_no_whole_envelope_has_nothing) {
    for (const auto& message : {std::string(), std::string("<Status/>"), answer.substr(0, answer.size() - 3),
                                "<!DOCTYPE x>" + answer, std::string("nonsense")})
        EXPECT_FALSE(xpath_selects("//*", message)) << message;
    EXPECT_TRUE(xpath_selects("/*", envelope(""))) << "an empty Body is one";
}

TEST(xpath, what_is_no_xpath) {
    for (const auto* expression :
         {"", "//", "//Status[", "//Status[Code='200]", "Status Code", "//Status/Code=="})
        expect_mistake(expression, "is not XPath 1.0");
}

TEST(xpath, what_is_too_long) {
    expect_mistake("//" + std::string(max_xpath_bytes, 'a'), "longer than 1024 bytes");
    EXPECT_FALSE(check_xpath("//" + std::string(max_xpath_bytes - 2, 'a')));
}

TEST(xpath, a_prefix_that_nobody_declares_wherever_it_stands) {
    for (const auto* expression :
         {"//p:Status", "//p:*", "//Status[Nothing[p:Code]]", "//@p:kind", "p:made-up(//Status)"})
        expect_mistake(expression, "has the prefix \"p\"");
}

TEST(xpath, an_unknown_function_wherever_it_stands) {
    for (const auto* expression :
         {"//*[locl-name()='Status']", "//Nothing[Nothing[locl-name() = 'x']]", "locl-name (//x)"})
        expect_mistake(expression, "has the function \"locl-name\"");
    expect_mistake("//*[document('http://example.test/')]", "has the function \"document\"");
}

TEST(xpath, a_variable_outside_of_a_literal) {
    expect_mistake("//Code[.=$wanted]", "has a variable");
    EXPECT_FALSE(check_xpath("//Code[.='$wanted']"));
}

TEST(xpath, what_gives_a_value_instead_of_nodes) {
    for (const auto* expression :
         {"count(//Status)", "//Status/Code='200'", "'text'", "1 + 1", "not(//Status)"})
        expect_mistake(expression, "gives a value instead of nodes");
}

TEST(xpath, an_expression_that_would_take_for_ever_selects_nothing) {
    std::string many;
    for (int i = 0; i < 4'000; ++i) many += "<a/>";
    const auto* slow = "//a[count(//a[count(//a) > 1]) > 1]";
    EXPECT_FALSE(check_xpath(slow));
    EXPECT_FALSE(xpath_selects(slow, envelope("<r>" + many + "</r>")));
    EXPECT_TRUE(xpath_selects("//a[4000]", envelope("<r>" + many + "</r>")));
}

}  // namespace
}  // namespace garde::soap
