// Phrases, trace contexts, structured strings, problem documents.
#include "garde/http/rewrite.hpp"

#include <gtest/gtest.h>

#include <string>

namespace garde::http {
namespace {

using namespace std::string_literals;

TEST(phrase_of, knows_the_registry) {
    EXPECT_EQ(phrase_of(100), "Continue");
    EXPECT_EQ(phrase_of(200), "OK");
    EXPECT_EQ(phrase_of(404), "Not Found");
    EXPECT_EQ(phrase_of(413), "Content Too Large");
    EXPECT_EQ(phrase_of(511), "Network Authentication Required");
}

TEST(phrase_of, has_a_word_for_the_rest) {
    EXPECT_EQ(phrase_of(299), "Unknown");
    EXPECT_EQ(phrase_of(999), "Unknown");
    EXPECT_EQ(phrase_of(0), "Unknown");
}

std::string text_of(std::string_view random24) {
    const traceparent made = make_traceparent(random24);
    return {made.data(), made.size()};
}

TEST(traceparent, is_version_00_and_not_sampled) {
    EXPECT_EQ(text_of("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\xFF\xFE\xFD"
                      "\xFC\xFB\xFA\xF9\xF8"),
              "00-0102030405060708090a0b0c0d0e0f10-fffefdfcfbfaf9f8-00");
}

TEST(traceparent, never_has_an_id_of_zeros) {
    EXPECT_EQ(text_of(std::string(24, '\0')), "00-00000000000000000000000000000001-0000000000000001-00");
}

TEST(structured_string, quotes_and_escapes) {
    EXPECT_EQ(structured_string("a \"b\" \\c"), R"("a \"b\" \\c")");
}

TEST(structured_string, replaces_what_it_cannot_hold) {
    EXPECT_EQ(structured_string("a\r\n\0\x7F\xC3\xA9~"s), "\"a??????~\"");
}

TEST(problem_document, has_the_members_of_the_rfc) {
    EXPECT_EQ(
        problem_document(503, "Service Unavailable", "say \"hello\"\n"),
        R"({"type":"about:blank","title":"Service Unavailable","status":503,"detail":"say \"hello\"\n"})");
}

}  // namespace
}  // namespace garde::http
