// Who asks. An identity is the issuer and subject (or SAN) of a verified client certificate, never its
// fingerprint, which changes when the certificate is renewed.
#pragma once

#include <openssl/types.h>

#include <string>
#include <vector>

namespace garde::caller {

/// Operators' data, not patients'; still only its pseudonym goes to logs.
class identity {
  public:
    identity() = default;  ///< unverified
    identity(std::string issuer, std::string subject, std::vector<std::string> alternative_names);

    [[nodiscard]] bool verified() const { return !subject_.empty() || !alternative_names_.empty(); }
    [[nodiscard]] const std::string& issuer() const { return issuer_; }    ///< RFC 2253 form
    [[nodiscard]] const std::string& subject() const { return subject_; }  ///< RFC 2253 form
    [[nodiscard]] const std::vector<std::string>& alternative_names() const { return alternative_names_; }

    /// A stable text that is equal exactly for equal identities (length-prefixed parts); goes into cache
    /// keys. Empty when unverified.
    [[nodiscard]] const std::string& canonical() const { return canonical_; }

    /// `unverified`, or 12 hex digits of a keyed hash that is made anew at each start: for logs.
    [[nodiscard]] std::string pseudonym() const;

    /// True when the pattern is `*`, the subject, or one of the alternative names; never when unverified.
    [[nodiscard]] bool matches(const std::string& pattern) const;

    friend bool operator==(const identity& a, const identity& b) { return a.canonical_ == b.canonical_; }

  private:
    std::string issuer_;
    std::string subject_;
    std::vector<std::string> alternative_names_;  ///< DNS:…, URI:…, email:…, sorted
    std::string canonical_;
};

/// From a certificate whose chain the TLS handshake has verified; null gives `unverified`.
identity from_certificate(const X509* certificate);

}  // namespace garde::caller
