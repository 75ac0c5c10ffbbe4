// What a probe's message becomes each time that it is sent.
#include "garde/soap/message_template.hpp"

#include <gtest/gtest.h>

#include <array>

namespace garde::soap {
namespace {

const wall_time at = *parse_rfc3339("2018-08-09T09:00:00.120Z");
constexpr std::array<std::uint8_t, 16> random_bytes{0xFF, 0x01, 0x02, 0x03, 0x04, 0x05, 0xFF, 0x07,
                                                    0xFF, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0xFF};

std::string filled(std::string_view text) {
    return fill_template(text, at, random_bytes);
}

TEST(message_template, placeholders_are_filled) {
    EXPECT_EQ(filled("<c>{timestamp}</c><d>{date}</d>"), "<c>2018-08-09T09:00:00.120Z</c><d>2018-08-09</d>");
    EXPECT_EQ(filled("{uuid}"), "ff010203-0405-4f07-bf09-0a0b0c0d0eff") << "version 4, variant 10";
}

TEST(message_template, an_id_and_what_refers_to_it_are_the_same) {
    EXPECT_EQ(filled("<a Id=\"_{uuid}\"/><b URI=\"#_{uuid}\"/>"),
              "<a Id=\"_ff010203-0405-4f07-bf09-0a0b0c0d0eff\"/><b "
              "URI=\"#_ff010203-0405-4f07-bf09-0a0b0c0d0eff\"/>");
}

TEST(message_template, everything_else_stays_as_it_is) {
    for (const auto* text :
         {"", "<a/>", "{", "}", "{}", "{{", "{uuid", "uuid}", "{UUID}", "{ uuid }", "{other}", "{0}"})
        EXPECT_EQ(filled(text), text);
    EXPECT_EQ(filled("{{date}}"), "{2018-08-09}");
}

TEST(message_template, what_looks_like_a_placeholder_and_is_none) {
    EXPECT_EQ(unknown_placeholder("<a>{timestmp}</a>"), "{timestmp}");
    EXPECT_EQ(unknown_placeholder("{uuid} {date} {now}"), "{now}");
    for (const auto* text :
         {"", "<a/>", "{uuid}{timestamp}{date}", "{}", "{UUID}", "{a b}", "{12}", "{", "{uuid"})
        EXPECT_EQ(unknown_placeholder(text), "") << text;
}

}  // namespace
}  // namespace garde::soap
