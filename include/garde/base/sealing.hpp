// Authenticated encryption for what lies on a disk: AES-256-GCM, by OpenSSL. A sealed text is NONCE(12)
// CIPHERTEXT TAG(16); the nonce is random, which is safe for 2^32 texts under one key (NIST SP 800-38D, 8.3).
// Any thread.
#pragma once

#include "garde/base/secret.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace garde {

inline constexpr std::size_t sealing_key_bytes = 32;

/// A fresh random key.
secret_string make_sealing_key();

/// Another key of 32 bytes, for this purpose only: HKDF-SHA256 (RFC 5869) without salt, for `from` is random.
secret_string derive_key(const secret_string& from, std::string_view purpose);

/// `key` has 32 bytes. `context` is bound to the seal, but not in it: what stands beside it in the open.
/// Ends the process when OpenSSL has no AES: nothing may then be written down.
std::string seal(const secret_string& key, std::string_view context, std::string_view plain);

/// Nothing when it was sealed under another key or in another context, or has been changed.
std::optional<secret_string> open_seal(const secret_string& key, std::string_view context,
                                       std::string_view sealed);

}  // namespace garde
