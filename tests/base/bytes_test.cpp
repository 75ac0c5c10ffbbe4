// What is written is read back, and nothing is read past the end.
#include "garde/base/bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace garde {
namespace {

TEST(bytes, what_is_written_is_read_back) {
    byte_writer to;
    to.number(std::uint8_t{7});
    to.number(std::int64_t{-2});
    to.counted("text");
    to.raw(std::array<std::uint8_t, 2>{8, 9});
    to.text("rest");
    byte_reader from(to.bytes());
    EXPECT_EQ(from.number<std::uint8_t>(), 7);
    EXPECT_EQ(from.number<std::int64_t>(), -2);
    EXPECT_EQ(from.counted(), "text");
    EXPECT_EQ(from.raw<2>(), (std::array<std::uint8_t, 2>{8, 9}));
    EXPECT_EQ(from.rest(), "rest");
    EXPECT_TRUE(from.ok());
}

TEST(bytes, numbers_are_big_endian) {
    byte_writer to;
    to.number(std::uint32_t{0x01020304});
    EXPECT_EQ(to.bytes(), "\1\2\3\4");
}

TEST(bytes, past_the_end_all_is_zero_and_stays_so) {
    byte_reader from(std::string_view("\0\0\0\5abc", 7));
    EXPECT_EQ(from.counted(), "");
    EXPECT_FALSE(from.ok());
    EXPECT_EQ(from.number<std::uint8_t>(), 0);
    EXPECT_EQ(from.raw<4>(), (std::array<std::uint8_t, 4>{}));
    EXPECT_FALSE(from.ok());
}

}  // namespace
}  // namespace garde
