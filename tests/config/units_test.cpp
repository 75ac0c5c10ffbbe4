// Durations, sizes, percentages and guesses of what was meant.
#include "../../src/config/units.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace std::chrono_literals;

TEST(units, durations_of_every_unit) {
    EXPECT_EQ(parse_duration("200ms"), 200ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("1h"), 1h);
    EXPECT_EQ(parse_duration("30d"), 720h);
    EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(units, what_is_no_duration) {
    for (const auto* text :
         {"", "5", "s", "5 s", "-5s", "+5s", "5sec", "1.5s", "5S", " 5s", "9223372036854775807d"})
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(units, sizes_of_every_unit) {
    EXPECT_EQ(parse_size("512"), 512u);
    EXPECT_EQ(parse_size("512B"), 512u);
    EXPECT_EQ(parse_size("16KiB"), 16u * 1024);
    EXPECT_EQ(parse_size("1MiB"), 1024u * 1024);
    EXPECT_EQ(parse_size("2GiB"), 2ull * 1024 * 1024 * 1024);
}

TEST(units, what_is_no_size) {
    for (const auto* text : {"", "KiB", "-1", "16KB", "16 KiB", "16kib", "1.5MiB", "9223372036854775807GiB"})
        EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(units, percentages) {
    EXPECT_EQ(parse_percentage("0%"), 0);
    EXPECT_EQ(parse_percentage("20%"), 20);
    EXPECT_EQ(parse_percentage("150%"), 150) << "what is too much is for the setting to say";
    EXPECT_EQ(percentage_text(0), "0%");
    EXPECT_EQ(percentage_text(20), "20%");
}

TEST(units, what_is_no_percentage) {
    for (const auto* text : {"", "%", "20", "20 %", "-5%", "2.5%", "20%%", "0.2", "2147483648%"})
        EXPECT_EQ(parse_percentage(text), std::nullopt) << text;
}

TEST(units, texts_take_the_largest_unit_without_rest) {
    EXPECT_EQ(duration_text(720h), "30d");
    EXPECT_EQ(duration_text(90s), "90s");
    EXPECT_EQ(duration_text(1500ms), "1500ms");
    EXPECT_EQ(duration_text(0ms), "0ms");
    EXPECT_EQ(size_text(64 * 1024 * 1024), "64MiB");
    EXPECT_EQ(size_text(1500), "1500B");
}

TEST(units, texts_are_read_back) {
    for (const auto value : {0ms, 1ms, 999ms, 1000ms, 60'000ms, 86'400'000ms})
        EXPECT_EQ(parse_duration(duration_text(value)), value);
    for (const std::size_t value : {0u, 1u, 1024u, 1048576u, 1048577u})
        EXPECT_EQ(parse_size(size_text(value)), value);
}

TEST(units, nearest_word_forgives_the_usual_mistakes) {
    const std::vector<std::string> known{"idle_time", "head_time", "body_bytes"};
    EXPECT_EQ(nearest_word("idel_time", known), "idle_time");
    EXPECT_EQ(nearest_word("idletime", known), "idle_time");
    EXPECT_EQ(nearest_word("body_byte", known), "body_bytes");
}

TEST(units, nearest_word_does_not_guess_wildly) {
    EXPECT_EQ(nearest_word("colour", {"idle_time", "head_time"}), "");
    EXPECT_EQ(nearest_word("x", {"key"}), "");
    EXPECT_EQ(nearest_word("anything", {}), "");
}

}  // namespace
}  // namespace garde::config
