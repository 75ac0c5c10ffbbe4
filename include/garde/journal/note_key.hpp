// Ed25519 keys of signed notes (https://c2sp.org/signed-note, signature type 0x01), by OpenSSL. No files.
#pragma once

#include "garde/base/result.hpp"
#include "garde/base/secret.hpp"
#include "garde/base/x509.hpp"
#include "garde/journal/signed_note.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace garde::journal {

/// The public half under its name. Any thread.
class note_verifier {
  public:
    using public_key = std::array<std::uint8_t, 32>;

    /// `name` is one (is_note_name).
    note_verifier(std::string name, const public_key& key);

    /// Reads NAME+HASH+KEY: HASH is the key's id as 8 hex digits, KEY the base64 of 0x01 and the public key.
    static result<note_verifier> parse(std::string_view text);

    /// The same form.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const note_key_id& id() const { return id_; }

    /// The text of the note if this key has signed it; else in words why it is not to be believed. Signatures
    /// of other keys are passed over.
    [[nodiscard]] result<std::string> open(std::string_view note) const;

  private:
    [[nodiscard]] bool holds(std::string_view text, std::string_view signature) const;

    std::string name_;
    public_key key_;
    note_key_id id_;
};

/// The private half. Any thread.
class note_signer {
  public:
    /// From PEM without a passphrase. The error does not repeat any of it.
    static result<note_signer> load(const secret_string& pem, std::string name);

    [[nodiscard]] const note_verifier& verifier() const { return verifier_; }

    /// The text, which ends in a newline, as a note with this key's signature.
    [[nodiscard]] result<std::string> sign(std::string text) const;

  private:
    note_signer(std::shared_ptr<EVP_PKEY> key, note_verifier verifier)
        : key_(std::move(key)), verifier_(std::move(verifier)) {}

    std::shared_ptr<EVP_PKEY> key_;
    note_verifier verifier_;
};

/// A new key as PEM (PKCS #8).
result<secret_string> make_note_key();

}  // namespace garde::journal
