// What counts as UTF-8 by RFC 3629, and repairing and cutting what does not or is too long.
#include "garde/base/utf8.hpp"

#include <gtest/gtest.h>

namespace garde {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

TEST(utf8_check, takes_characters_of_every_length) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("plain"));
    EXPECT_TRUE(is_utf8("é € 𝄞"));
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
    EXPECT_TRUE(
        is_utf8("\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 "
                "\xF4\x8F\xBF\xBF"));
}

TEST(utf8_check, refuses_what_rfc_3629_forbids) {
    for (const auto* text :
         {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82",
          "\xF0\x9D\x84", "\xC3(", "\xE2\x82(", "\xE2(\xAC", "Andr\xE9"})
        EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(utf8_character, length_is_that_of_the_first_one) {
    EXPECT_EQ(utf8_character_length(""), 0U);
    EXPECT_EQ(utf8_character_length("ab"), 1U);
    EXPECT_EQ(utf8_character_length("éa"), 2U);
    EXPECT_EQ(utf8_character_length("€a"), 3U);
    EXPECT_EQ(utf8_character_length("𝄞a"), 4U);
    EXPECT_EQ(utf8_character_length("\xE9"
                                    "a"),
              0U);
}

TEST(utf8_clean, leaves_good_text_alone) {
    EXPECT_EQ(clean_utf8("é € 𝄞", 100), "é € 𝄞");
}

TEST(utf8_clean, replaces_each_bad_byte) {
    const auto r = std::string(replacement);
    EXPECT_EQ(clean_utf8("a\xFF\xFE"
                         "b\xC3",
                         100),
              "a" + r + r + "b" + r);
}

TEST(utf8_clean, cuts_at_a_characters_border_and_shows_it) {
    EXPECT_EQ(clean_utf8("abcdef", 6), "abcdef");
    EXPECT_EQ(clean_utf8("abcdefg", 6), "abc…");
    EXPECT_EQ(clean_utf8("ab€€€", 8), "ab€…");
    EXPECT_EQ(clean_utf8("abé€€", 7), "abé…");
    EXPECT_EQ(clean_utf8("abcd", 3), "…");
}

TEST(utf8_clean, is_never_longer_than_its_limit) {
    for (std::size_t limit = 3; limit < 30; ++limit)
        for (const auto* text :
             {"plain text of some length, no more", "ééééééééééééééééééééééé", "€€€€€€€€€€€€€€€€€€€€",
              "𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞𝄞", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"}) {
            const auto cleaned = clean_utf8(text, limit);
            EXPECT_LE(cleaned.size(), limit) << text;
            EXPECT_TRUE(is_utf8(cleaned)) << text;
        }
}

}  // namespace
}  // namespace garde
