// ECDSA over P-256 with SHA-256 as JOSE wants it (RFC 7518, 3.4): keys from PEM files, signatures of 64
// bytes, r then s.
#pragma once

#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace garde::emergency {

inline constexpr std::size_t es256_signature_bytes = 64;

struct key_deleter {
    void operator()(EVP_PKEY* key) const noexcept;
};
using key_ptr = std::unique_ptr<EVP_PKEY, key_deleter>;

/// The errors name the file. Keys under a passphrase are refused: nobody is there to type it.
result<key_ptr> load_private_key(const std::filesystem::path& file);
/// From a certificate, a public key or a private key.
result<key_ptr> load_public_key(const std::filesystem::path& file);

/// The first 16 hex digits of the SHA-256 of the SubjectPublicKeyInfo (DER).
std::string key_id(EVP_PKEY* key);

/// Of what has this SHA-256. Any thread; nothing when OpenSSL fails.
std::optional<std::string> sign_es256(EVP_PKEY* key, const digest256& hash);
bool verify_es256(EVP_PKEY* key, std::string_view data, std::string_view signature);

}  // namespace garde::emergency
