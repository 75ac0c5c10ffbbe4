// The words of the brain: each has one text, and operators' words are read back.
#include "garde/continuity/types.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

namespace garde::continuity {
namespace {

/// The texts of the values 0 … count-1 of an enumeration.
template <class Enum>
std::set<std::string_view> texts_up_to(Enum last) {
    std::set<std::string_view> out;
    for (int i = 0; i <= static_cast<int>(last); ++i) out.insert(to_text(static_cast<Enum>(i)));
    return out;
}

template <class Enum>
void expect_one_text_each(Enum last) {
    const auto texts = texts_up_to(last);
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(last) + 1);
    EXPECT_FALSE(texts.contains(""));
}

TEST(types, every_value_has_a_text_of_its_own) {
    expect_one_text_each(mode::emergency);
    expect_one_text_each(override_mode::transparent);
    expect_one_text_each(verdict::recovering);
    expect_one_text_each(outcome_kind::inconclusive);
    expect_one_text_each(reason::probe_unexpected);
}

TEST(types, reasons_are_written_with_hyphens) {
    for (const auto text : texts_up_to(reason::probe_unexpected))
        EXPECT_EQ(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string_view::npos) << text;
}

TEST(types, what_an_operator_orders_is_read_back) {
    for (const auto value : {override_mode::primary, override_mode::backup, override_mode::degraded,
                             override_mode::emergency, override_mode::transparent})
        EXPECT_EQ(override_mode_from(to_text(value)), value);
}

TEST(types, an_unknown_order_is_none) {
    for (const auto* text : {"", "automatic", "Primary", "primary "})
        EXPECT_EQ(override_mode_from(text), std::nullopt) << '"' << text << '"';
}

TEST(types, what_another_process_says_is_read_back) {
    for (const auto value :
         {verdict::unknown, verdict::up, verdict::suspect, verdict::down, verdict::recovering})
        EXPECT_EQ(verdict_from(to_text(value)), value);
    for (int i = 0; i <= static_cast<int>(reason::probe_unexpected); ++i)
        EXPECT_EQ(reason_from(to_text(static_cast<reason>(i))), static_cast<reason>(i));
    EXPECT_EQ(verdict_from("sideways"), std::nullopt);
    EXPECT_EQ(reason_from(""), std::nullopt);
}

}  // namespace
}  // namespace garde::continuity
