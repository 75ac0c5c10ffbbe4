// Who asks. An identity is the issuer and subject (or SAN) of a verified client certificate, never its
// fingerprint, which changes when the certificate is renewed; or the issuer and subject of a verified signed
// assertion.
#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::caller {

enum class identity_kind : std::uint8_t {
    unverified,   ///< nobody has shown who it is
    certificate,  ///< a client certificate whose chain the TLS handshake has verified
    assertion,    ///< a SAML assertion in the message, and a signature with the key that it binds
};

/// The name that an assertion gives its subject. `format` and `qualifier` say in which register the name
/// stands, so the same text under another qualifier names somebody else.
struct asserted_name {
    std::string issuer;
    std::string subject;
    std::string format;     ///< a URI; empty when not said
    std::string qualifier;  ///< NameQualifier; empty when not said

    friend bool operator==(const asserted_name&, const asserted_name&) = default;
};

/// What an assertion says of its subject; one for each value.
struct asserted_attribute {
    std::string name;
    std::string value;

    friend bool operator==(const asserted_attribute&, const asserted_attribute&) = default;
};

/// Operators' data, not patients'; still only its pseudonym goes to logs. Copies share what it says, so that
/// one for each request costs nothing; any thread may have one.
class identity {
  public:
    identity() = default;  ///< unverified
    /// By a certificate; unverified when it names nobody.
    identity(std::string issuer, std::string subject, std::vector<std::string> alternative_names);
    /// By an assertion; unverified when it names nobody.
    identity(asserted_name name, std::vector<asserted_attribute> attributes);

    [[nodiscard]] identity_kind kind() const { return said().kind; }
    [[nodiscard]] bool verified() const { return kind() != identity_kind::unverified; }
    /// Certificate: RFC 2253 form.
    [[nodiscard]] const std::string& issuer() const { return said().issuer; }
    /// Certificate: RFC 2253 form. Assertion: the text of NameIdentifier or NameID.
    [[nodiscard]] const std::string& subject() const { return said().subject; }
    /// Of a certificate only.
    [[nodiscard]] const std::vector<std::string>& alternative_names() const {
        return said().alternative_names;
    }
    /// Of an assertion only, in its order. Not part of who it is: the next assertion may say something else.
    [[nodiscard]] const std::vector<asserted_attribute>& attributes() const { return said().attributes; }

    /// A stable text that is equal exactly for equal identities (length-prefixed parts); goes into cache
    /// keys. Empty when unverified; no assertion's is ever a certificate's.
    [[nodiscard]] const std::string& canonical() const { return said().canonical; }

    /// `unverified`, or 12 hex digits of a keyed hash that is made anew at each start: for logs.
    [[nodiscard]] std::string pseudonym() const;

    /// All of it but its attributes, to be sealed and kept; from_bytes() gives it back.
    [[nodiscard]] std::string to_bytes() const;
    /// Unverified when these are no bytes of to_bytes().
    static identity from_bytes(std::string_view bytes);

    /// From now on it is whoever else goes by this name, however they have shown who they are. Not for the
    /// unverified.
    void go_by(std::string_view name);

    friend bool operator==(const identity& a, const identity& b) { return a.canonical() == b.canonical(); }

  private:
    struct facts {
        identity_kind kind = identity_kind::unverified;
        std::string issuer;
        std::string subject;
        std::vector<std::string> alternative_names;  ///< DNS:…, URI:…, email:…, sorted
        std::vector<asserted_attribute> attributes;
        std::string canonical;
    };
    explicit identity(facts what) : facts_(std::make_shared<const facts>(std::move(what))) {}
    [[nodiscard]] const facts& said() const { return facts_ ? *facts_ : nothing; }

    static const facts nothing;
    std::shared_ptr<const facts> facts_;  ///< null: nothing is said
};

/// From a certificate whose chain the TLS handshake has verified; null gives `unverified`.
identity from_certificate(const X509* certificate);

}  // namespace garde::caller
