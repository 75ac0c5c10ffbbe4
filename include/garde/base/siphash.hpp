// A keyed hash for tables whose keys come from strangers: who does not know the key cannot make two of them
// meet. Pure. Not for signatures: those use hmac_sha256.
#pragma once

#include <cstdint>
#include <span>

namespace garde {

struct siphash_key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

/// SipHash-2-4 with 64 bits of result (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
std::uint64_t siphash(const siphash_key& key, std::span<const std::uint8_t> bytes) noexcept;

}  // namespace garde
