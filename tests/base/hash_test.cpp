// Hashes by their published vectors, and encodings.
#include "garde/base/hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace garde {
namespace {

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

TEST(hash_sha256, gives_the_vectors_of_fips_180) {
    EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(hash_sha256, of_pieces_is_that_of_the_whole) {
    sha256_stream stream;
    stream.add("a");
    stream.add("");
    stream.add("bc");
    EXPECT_EQ(stream.take(), sha256("abc"));
    EXPECT_EQ(stream.take(), sha256("")) << "it begins anew";
}

TEST(hash_hmac_sha256, gives_the_vectors_of_rfc_4231) {
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd'))),
              "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(hash_hmac_sha256, takes_empty_keys_and_data) {
    EXPECT_EQ(to_hex(hmac_sha256("", "")),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(hash_hex, goes_both_ways) {
    const std::vector<std::uint8_t> bytes{0x00, 0x01, 0x7f, 0x80, 0xab, 0xff};
    EXPECT_EQ(to_hex(bytes), "00017f80abff");
    EXPECT_EQ(from_hex("00017f80abff"), bytes);
    EXPECT_EQ(from_hex("00017F80ABFF"), bytes);
    EXPECT_EQ(from_hex(""), std::vector<std::uint8_t>{});
}

TEST(hash_hex, refuses_what_is_no_hex) {
    for (const auto* text : {"0", "000", "0g", "g0", " 0", "0x", "00 0"})
        EXPECT_EQ(from_hex(text), std::nullopt) << text;
}

TEST(hash_base64, gives_the_vectors_of_rfc_4648) {
    const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xfb\xff\xbf", "+/+/"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64(plain), encoded);
        EXPECT_EQ(from_base64(encoded), plain);
    }
}

TEST(hash_base64, reads_one_form_only) {
    for (const auto* text :
         {"-_-_", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "====", "Zm 9", "Zm9v\n", " Zm9v", "Zg==Zg=="})
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(hash_base64url, gives_the_vectors_of_rfc_4648_without_padding) {
    const std::vector<std::pair<std::string, std::string>> vectors{
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64url(plain), encoded);
        EXPECT_EQ(from_base64url(encoded), plain);
    }
}

TEST(hash_base64url, is_base64_but_for_two_letters_and_the_padding) {
    for (std::size_t size = 0; size < 200; ++size) {
        const auto bytes = random_bytes(size);
        auto expected = to_base64(bytes);
        std::ranges::replace(expected, '+', '-');
        std::ranges::replace(expected, '/', '_');
        expected.resize(std::min(expected.size(), expected.find('=')));
        EXPECT_EQ(to_base64url(bytes), expected);
    }
}

TEST(hash_base64url, uses_the_alphabet_for_urls) {
    EXPECT_EQ(to_base64url("\xfb\xff\xbf"), "-_-_");
    EXPECT_EQ(from_base64url("-_-_"), "\xfb\xff\xbf");
}

TEST(hash_base64url, refuses_other_alphabets_padding_and_impossible_lengths) {
    for (const auto* text : {"+/+/", "Zg==", "Zg=", "Z", "Zm9vY", "Zm 9", "Zm9v\n", "Zm.v"})
        EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

TEST(hash_equal_constant_time, compares_content_and_length) {
    EXPECT_TRUE(equal_constant_time(bytes_of("secret"), bytes_of("secret")));
    EXPECT_FALSE(equal_constant_time(bytes_of("secret"), bytes_of("secreT")));
    EXPECT_FALSE(equal_constant_time(bytes_of("secret"), bytes_of("secre")));
    EXPECT_TRUE(equal_constant_time({}, {}));
}

TEST(hash_random_bytes, are_as_many_as_asked_and_never_the_same) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto bytes = random_bytes(16);
        EXPECT_EQ(bytes.size(), 16U);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
    EXPECT_EQ(random_bytes(0), "");
}

}  // namespace
}  // namespace garde
