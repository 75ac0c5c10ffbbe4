// See hash.hpp.
#include "garde/base/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace garde {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

digest256 sha256(std::string_view data) {
    // Looked up once: OpenSSL 3 would look up EVP_sha256() each time, which takes as long as a short hash.
    // Nor is a context made each time.
    static const EVP_MD* const how = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                       EVP_MD_CTX_free);
    digest256 out{};
    if (EVP_DigestInit_ex2(context.get(), how, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), data.data(), data.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), out.data(), nullptr) != 1)
        std::abort();
    return out;
}

sha256_stream::sha256_stream() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1) std::abort();
}

sha256_stream::~sha256_stream() {
    EVP_MD_CTX_free(context_);
}

void sha256_stream::add(std::string_view piece) {
    if (EVP_DigestUpdate(context_, piece.data(), piece.size()) != 1) std::abort();
}

digest256 sha256_stream::take() {
    digest256 out{};
    if (EVP_DigestFinal_ex(context_, out.data(), nullptr) != 1 ||
        EVP_DigestInit_ex(context_, nullptr, nullptr) != 1)
        std::abort();
    return out;
}

digest256 hmac_sha256(std::string_view key, std::string_view data) {
    digest256 out{};
    unsigned length = out.size();
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(data), data.size(), out.data(),
             &length) == nullptr)
        std::abort();
    return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out(bytes.size() * 2, '\0');
    char* to = out.data();
    for (const auto byte : bytes) {
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return out;
}

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::vector<std::uint8_t> out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_value(text[i]);
        const int low = hex_value(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<std::uint8_t>(high << 4 | low));
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes),
                                       static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    const std::size_t end = text.find_last_not_of('=');
    const std::size_t padding = text.size() - (end == std::string_view::npos ? 0 : end + 1);
    if (text.size() % 4 != 0 || padding > 2) return std::nullopt;
    std::string out(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                        static_cast<int>(text.size())) < 0)
        return std::nullopt;
    out.resize(out.size() - padding);
    // OpenSSL skips blanks and takes bits that belong to no byte; whoever signs text wants one form of it.
    if (to_base64(out) != text) return std::nullopt;
    return out;
}

/// Not by way of to_base64: every answer in an emergency has a kilobyte of it. Two digits at a time.
std::string to_base64url(std::string_view bytes) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static constexpr auto pairs = [] {
        std::array<std::array<char, 2>, std::size_t{64} * 64> out{};
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = {digits[i / 64], digits[i % 64]};
        return out;
    }();
    std::string out((bytes.size() * 4 + 2) / 3, '\0');
    char* to = out.data();
    const unsigned char* from = bytes_of(bytes);
    std::size_t left = bytes.size();
    for (; left >= 3; left -= 3, from += 3, to += 4) {
        const std::size_t three = std::size_t{from[0]} << 16 | std::size_t{from[1]} << 8 | from[2];
        std::memcpy(to, pairs[three >> 12].data(), 2);
        std::memcpy(to + 2, pairs[three & 0xfff].data(), 2);
    }
    if (left == 0) return out;
    const std::size_t two = std::size_t{from[0]} << 8 | (left == 2 ? from[1] : 0U);
    std::memcpy(to, pairs[two >> 4].data(), 2);
    if (left == 2) to[2] = digits[(two & 0xfU) << 2];
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    const auto in_alphabet = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_';
    };
    if (!std::ranges::all_of(text, in_alphabet)) return std::nullopt;
    std::string padded(text);
    std::ranges::replace(padded, '-', '+');
    std::ranges::replace(padded, '_', '/');
    const std::size_t padding = (4 - padded.size() % 4) % 4;
    padded.append(padding, '=');
    std::string out(padded.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(padded),
                        static_cast<int>(padded.size())) < 0)
        return std::nullopt;
    out.resize(out.size() - padding);
    return out;
}

bool equal_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void random_fill(std::span<std::uint8_t> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    random_fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
    return out;
}

}  // namespace garde
