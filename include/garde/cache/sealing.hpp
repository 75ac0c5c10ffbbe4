// How kept answers are sealed for the disk: AES-256-GCM under keys of epochs. Each epoch has key material of
// its own, random and wrapped by a master key that is kept elsewhere: who destroys it has destroyed all that
// was sealed under it, whatever copies of the disk there are. Keys of the entries are only ever stored as
// HMACs. Pure but for randomness; one thread at a time.
#pragma once

#include "garde/base/hash.hpp"
#include "garde/base/secret.hpp"
#include "garde/cache/key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace garde::cache {

/// What stands on the disk for a key: the first half of an HMAC-SHA256 under a key of the epoch.
using key_tag = std::array<std::uint8_t, 16>;

/// A master key: 32 random bytes. It only ever wraps.
class master_key {
  public:
    static constexpr std::size_t size = 32;

    /// Nothing when these are not 32 bytes.
    static std::optional<master_key> from(const secret_string& bytes);

    /// `material` sealed, for this epoch only.
    [[nodiscard]] std::string wrap(std::int64_t epoch, const secret_string& material) const;
    /// Nothing when it was wrapped by another key, for another epoch, or has been changed.
    [[nodiscard]] std::optional<secret_string> unwrap(std::int64_t epoch, std::string_view wrapped) const;

  private:
    explicit master_key(secret_string wrapping) : wrapping_(std::move(wrapping)) {}
    secret_string wrapping_;  ///< derived
};

/// The keys of one epoch.
class epoch_keys {
  public:
    /// Fresh material for an epoch.
    static secret_string make_material();

    epoch_keys(std::int64_t epoch, const secret_string& material);

    [[nodiscard]] std::int64_t epoch() const { return epoch_; }
    [[nodiscard]] key_tag tag(const cache_key& key) const;

    /// `context` is bound to the seal, but not in it: what stands beside it in the open.
    [[nodiscard]] std::string seal(std::string_view context, std::string_view plain) const;
    /// Nothing when it was sealed under other keys or in another context, or has been changed.
    [[nodiscard]] std::optional<secret_string> open(std::string_view context, std::string_view sealed) const;

  private:
    std::int64_t epoch_;
    secret_string sealing_;
    secret_string tagging_;
};

}  // namespace garde::cache
