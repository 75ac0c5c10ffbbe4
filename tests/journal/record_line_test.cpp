// The form of the lines, and what of them is hidden.
#include "../../src/journal/record_line.hpp"

#include "garde/base/hash.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace garde::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::string fixed_salt() {
    return "0123456789abcdef";
}

const wall_time nine_o_clock = *parse_rfc3339("2018-08-09T09:00:00.000000042Z");

TEST(record_line, has_its_members_in_their_order) {
    EXPECT_EQ(make_line(7,
                        {.at = nine_o_clock,
                         .event = "switchover",
                         .attributes = {{"from", "primary"}, {"by", "operator-a"}, {"to", "back\"up"}},
                         .configuration = "ab12",
                         .incident = "2018-1",
                         .drill = true},
                        fixed_salt)
                  .text,
              R"({"seq":7,"at":"2018-08-09T09:00:00.000000042Z","event":"switchover","configuration":"ab12",)"
              R"("incident":"2018-1","drill":true,"attributes":{"from":"primary","to":"back\"up"},)"
              R"("hidden":{"by":"JHez9CTgprjQpyyVaPGxEvAKDamUhuKauEaw4-9xtt4"}})");
}

TEST(record_line, has_no_members_that_say_nothing) {
    EXPECT_EQ(make_line(1, {.at = nine_o_clock, .event = "stop", .attributes = {}}, fixed_salt).text,
              R"({"seq":1,"at":"2018-08-09T09:00:00.000000042Z","event":"stop","attributes":{}})");
}

TEST(record_line, is_read_back) {
    const auto made = make_line(7,
                                {.at = nine_o_clock,
                                 .event = "override",
                                 .attributes = {{"mode", "backup"}, {"by", "operator-a"}, {"count", "12"}},
                                 .configuration = "ab12",
                                 .incident = "2018-1",
                                 .drill = true},
                                fixed_salt);
    const auto line = read_line(made.text);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->seq, 7U);
    EXPECT_EQ(parse_rfc3339(line->at), nine_o_clock);
    EXPECT_EQ(line->event, "override");
    EXPECT_EQ(line->configuration, "ab12");
    EXPECT_EQ(line->incident, "2018-1");
    EXPECT_TRUE(line->drill);
    EXPECT_EQ(line->attribute("mode"), "backup");
    EXPECT_EQ(line->number("count"), 12U);
    EXPECT_EQ(line->number("mode"), 0U);
    EXPECT_THAT(line->hidden, ElementsAre(Pair("by", commitment(fixed_salt(), "by", "operator-a"))));
    EXPECT_THAT(made.hidden, ElementsAre(hidden_value{"by", fixed_salt(), "operator-a"}));
}

TEST(record_line, a_commitment_is_the_hash_of_salt_name_zero_and_value) {
    const auto hash = sha256(std::string("0123456789abcdefby\0operator-a", 29));
    EXPECT_EQ(commitment(fixed_salt(), "by", "operator-a"),
              to_base64url({reinterpret_cast<const char*>(hash.data()), hash.size()}));
}

TEST(record_line, who_names_people_is_hidden_and_garde_itself_is_not) {
    for (const auto* name : {"by", "source", "caller", "added", "removed", "new-token"})
        EXPECT_TRUE(is_personal(name, "somebody")) << name;
    EXPECT_FALSE(is_personal("by", "garde"));
    EXPECT_FALSE(is_personal("by", "SIGHUP"));
    EXPECT_FALSE(is_personal("reason", "somebody"));
    const auto line = make_line(1, {.at = {}, .event = "e", .attributes = {{"by", "garde"}}}, fixed_salt);
    EXPECT_THAT(line.hidden, IsEmpty());
    EXPECT_THAT(line.text, HasSubstr(R"("by":"garde")"));
}

TEST(record_line, repairs_texts_and_cuts_long_ones) {
    const auto made = make_line(
        1, {.at = {}, .event = "a\xff", .attributes = {{"long", std::string(5'000, 'x')}, {"by", "\xc3("}}},
        fixed_salt);
    const auto line = read_line(made.text);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->event, "a\xEF\xBF\xBD");
    EXPECT_THAT(line->attribute("long"), SizeIs(4096));
    EXPECT_EQ(made.hidden.at(0).value, "\xEF\xBF\xBD(");
}

TEST(record_line, leaves_out_what_does_not_fit_and_counts_it) {
    record what{.at = {}, .event = "e", .attributes = {}};
    for (int i = 0; i < 40; ++i)
        what.attributes.emplace_back(fmt::format("name{}", i), std::string(4'000, '"'));
    const auto made = make_line(1, what, fixed_salt);
    EXPECT_LE(made.text.size(), max_line_bytes);
    const auto line = read_line(made.text);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->number("left-out") + line->attributes.size() - 1, 40U);
}

TEST(record_line, anything_else_is_no_record) {
    for (const auto* text : {"", "{", "[]", "{}", R"({"seq":1,"at":"","event":""})",
                             R"({"seq":"1","at":"","event":"","attributes":{}})",
                             R"({"seq":0,"at":"","event":"","attributes":{}})",
                             R"({"seq":-1,"at":"","event":"","attributes":{}})",
                             R"({"seq":1.5,"at":"","event":"","attributes":{}})",
                             R"({"seq":1,"at":"","event":"","attributes":[]})"})
        EXPECT_FALSE(read_line(text)) << text;
}

TEST(record_line, some_events_are_urgent) {
    EXPECT_EQ(urgency_of("switchover"), urgency::at_once);
    EXPECT_EQ(urgency_of("verdict"), urgency::usual);
}

}  // namespace
}  // namespace garde::journal
