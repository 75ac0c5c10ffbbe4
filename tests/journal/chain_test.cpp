// The form of lines and the rule of the hash.
#include "../../src/journal/chain.hpp"

#include "garde/base/hash.hpp"

#include <gtest/gtest.h>

namespace garde::journal {
namespace {

const wall_time nine_o_clock = *parse_rfc3339("2018-08-09T09:00:00.000Z");

record some_record() {
    return {nine_o_clock, "switchover", {{"service", "assurability"}, {"why", "a \"quoted\" reason\n"}}};
}

TEST(journal_line, has_its_members_in_order) {
    const auto line = make_line({}, some_record());
    const auto expected_body =
        R"({"seq":1,"at":"2018-08-09T09:00:00.000Z","event":"switchover","attributes":{"service":"assurability",)"
        R"("why":"a \"quoted\" reason\n"},"prev":"0000000000000000000000000000000000000000000000000000000000000000"})";
    const auto hash = to_hex(sha256(std::string(first_prev) + expected_body));
    auto expected = std::string(expected_body);
    expected.pop_back();
    EXPECT_EQ(line.text, expected + R"(,"hash":")" + hash + R"("})");
    EXPECT_EQ(line.now, (link{1, hash}));
}

TEST(journal_line, reads_back) {
    const auto first = make_line({}, some_record());
    const auto second = make_line(first.now, some_record());
    const auto read = read_line(second.text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->seq, 2U);
    EXPECT_EQ(read->prev, first.now.hash);
    EXPECT_EQ(read->hash, second.now.hash);
    EXPECT_EQ(read->at, "2018-08-09T09:00:00.000Z");
    EXPECT_EQ(read->event, "switchover");
    EXPECT_EQ(read->attributes, some_record().attributes);
    EXPECT_TRUE(continues(first.now, *read));
}

TEST(journal_line, continues_only_the_line_before_it) {
    const auto first = make_line({}, some_record());
    const auto second = read_line(make_line(first.now, some_record()).text);
    ASSERT_TRUE(second);
    EXPECT_FALSE(continues({}, *second));
    EXPECT_FALSE(continues({1, std::string(first_prev)}, *second));
}

TEST(journal_line, every_changed_bit_is_seen) {
    const auto line = make_line({}, some_record());
    for (std::size_t i = 0; i < line.text.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = line.text;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            const auto read = read_line(changed);
            EXPECT_FALSE(read && continues({}, *read)) << "byte " << i << ", bit " << bit;
        }
}

TEST(journal_line, bytes_that_are_not_utf8_are_replaced_so_that_the_line_can_be_read) {
    const auto read = read_line(make_line({}, {nine_o_clock, "x", {{"who", "Andr\xE9"}}}).text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->attribute("who"), "Andr\xEF\xBF\xBD");
}

TEST(journal_line, is_never_too_long_to_be_read) {
    record big{nine_o_clock, std::string(10'000, '\x01'), {}};
    for (int i = 0; i < 100; ++i)
        big.attributes.emplace_back("name" + std::to_string(i), std::string(9'000, '\x01'));
    const auto line = make_line({}, big);
    EXPECT_LE(line.text.size(), max_line_bytes);
    const auto read = read_line(line.text);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->attribute("left-out"), "98");
    EXPECT_EQ(read->attributes.size(), 3U);
}

TEST(journal_line, refuses_what_is_no_record) {
    EXPECT_FALSE(read_line(""));
    EXPECT_FALSE(read_line("{}"));
    EXPECT_FALSE(read_line(std::string(200, '\0')));
    const auto good = make_line({}, some_record()).text;
    EXPECT_FALSE(read_line(good.substr(1)));
    EXPECT_FALSE(read_line(good.substr(0, good.size() - 1)));
    EXPECT_FALSE(read_line(good + " "));
    EXPECT_FALSE(read_line(R"({"seq":1)" + good.substr(good.size() - 75)));
    EXPECT_FALSE(read_line(R"({"seq":1.5,"at":"","event":"","attributes":{},"prev":"")" +
                           good.substr(good.size() - 75)));
}

TEST(journal_head, reads_back) {
    const link last{20, std::string(64, 'a')};
    EXPECT_EQ(make_head(last), R"({"seq":20,"hash":")" + std::string(64, 'a') + "\"}\n");
    const auto read = read_head(make_head(last));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, last);
}

TEST(journal_head, refuses_what_is_no_head) {
    EXPECT_FALSE(read_head(""));
    EXPECT_FALSE(read_head(R"({"seq":20})"));
    EXPECT_FALSE(read_head(R"({"seq":-1,"hash":")" + std::string(64, 'a') + "\"}"));
    EXPECT_FALSE(read_head(R"({"seq":20,"hash":"abc"})"));
}

}  // namespace
}  // namespace garde::journal
