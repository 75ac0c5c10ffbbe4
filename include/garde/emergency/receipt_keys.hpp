// The public keys that receipts are verified with, of now and of before, as the set that is published (JWK
// Set, RFC 7517, 5).
#pragma once

#include "garde/base/result.hpp"

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace garde::emergency {

class receipt_keys {
  public:
    /// PEM files with a certificate, a public key or a private key, EC P-256. One that is named twice is
    /// there once.
    static result<receipt_keys> load(std::span<const std::filesystem::path> files);
    /// A published set, of at most 64 KiB. Keys of other kinds, which others may have put there, are passed
    /// over; a set without any of ours is an error.
    static result<receipt_keys> parse(std::string_view jwks);
    ~receipt_keys();
    receipt_keys(receipt_keys&&) noexcept;
    receipt_keys& operator=(receipt_keys&&) noexcept;

    /// {"keys":[…]}, in the order of loading.
    [[nodiscard]] std::string to_jwks() const;

    /// The key of this `kid`; null when there is none.
    [[nodiscard]] EVP_PKEY* find(std::string_view key_id) const;

  private:
    struct state;
    explicit receipt_keys(std::unique_ptr<state> with);
    std::unique_ptr<state> state_;
};

}  // namespace garde::emergency
