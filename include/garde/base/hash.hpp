// Hashes, encodings and randomness, all by OpenSSL. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;  // OpenSSL's

namespace garde {

using digest256 = std::array<std::uint8_t, 32>;

digest256 sha256(std::string_view data);

/// SHA-256 of what comes in pieces.
class sha256_stream {
  public:
    sha256_stream();
    ~sha256_stream();
    sha256_stream(const sha256_stream&) = delete;
    sha256_stream& operator=(const sha256_stream&) = delete;

    void add(std::string_view piece);
    /// Of all pieces since the last take().
    digest256 take();

  private:
    evp_md_ctx_st* context_;
};

digest256 hmac_sha256(std::string_view key, std::string_view data);

std::string to_hex(std::span<const std::uint8_t> bytes);
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

/// base64 with padding (RFC 4648, section 4). What is read must be written as to_base64 writes it.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

/// base64url without padding (RFC 4648, section 5), as JOSE and bearer tokens use it.
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);

/// Compares in time that depends on the lengths only.
bool equal_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

/// Bytes from the system's generator; ends the process when there is none, since no key may then be made.
std::string random_bytes(std::size_t count);
void random_fill(std::span<std::uint8_t> out);

}  // namespace garde
