// SipHash-2-4 against the vectors of its authors' paper and reference code: key 00…0f, messages 00, 01, ….
#include "garde/base/siphash.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace garde {
namespace {

constexpr siphash_key published{.low = 0x0706050403020100, .high = 0x0f0e0d0c0b0a0908};

std::vector<std::uint8_t> counting(std::size_t length) {
    std::vector<std::uint8_t> out(length);
    std::iota(out.begin(), out.end(), std::uint8_t{0});
    return out;
}

TEST(siphash, the_paper_s_example) {
    EXPECT_EQ(siphash(published, counting(15)), 0xa129ca6149be45e5U);
}

TEST(siphash, the_reference_code_s_vectors) {
    EXPECT_EQ(siphash(published, counting(0)), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash(published, counting(1)), 0x74f839c593dc67fdU);
    EXPECT_EQ(siphash(published, counting(7)), 0xab0200f58b01d137U);
    EXPECT_EQ(siphash(published, counting(8)), 0x93f5f5799a932462U);
}

TEST(siphash, another_key_another_result) {
    EXPECT_NE(siphash(published, counting(15)), siphash({.low = 1, .high = 2}, counting(15)));
}

}  // namespace
}  // namespace garde
