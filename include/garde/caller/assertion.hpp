// Who asks, where the caller shows no client certificate: a SAML holder-of-key assertion in the WS-Security
// header, and the message's signature over Body and Timestamp with the key that the assertion binds. Checked
// only where garde itself answers instead of the service; what it relays, the service checks.
//
// Sources: SOAP Message Security 1.1 and SAML Token Profile 1.1 (OASIS), XML Signature (W3C), SAML 1.1 and
// 2.0. Far less than these allow is accepted: what platform and pharmacy software send, in one reading only.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/x509.hpp"
#include "garde/caller/identity.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::caller {

/// Why a message names nobody. Counted by name.
enum class assertion_refusal : std::uint8_t {
    none_there,           ///< the message has no assertion
    too_large,            ///< over 1 MiB, or over a bound on elements, attributes or namespaces
    not_xml,              ///< not well-formed, or nested deeper than 64
    doctype,              ///< has a document type declaration
    structure,            ///< not the one form of envelope, header or signature that is accepted
    several_bodies,       ///< more than one Body, anywhere
    duplicate_id,         ///< two attributes that may be read as ids have one value
    several_assertions,   ///< more than one Assertion, anywhere
    several_signatures,   ///< more than the message's and the assertion's own
    bad_text,             ///< a text that is used is not one plain text (comment, CDATA, element inside), or
                          ///< there is a processing instruction anywhere
    assertion_unsigned,   ///< the assertion has no signature of its own
    assertion_reference,  ///< the assertion's signature is not over exactly this assertion
    assertion_signature,  ///< does not hold with the key of any configured issuer
    issuer_not_valid,     ///< holds, but the issuer's certificate is not valid now
    not_yet_valid,        ///< a NotBefore of the assertion lies ahead
    expired,              ///< a NotOnOrAfter of the assertion has passed
    not_holder_of_key,    ///< its subject is not, or not only, confirmed by holder-of-key
    bad_key,              ///< not exactly one key is bound, or one that cannot be used
    weak_algorithm,       ///< an algorithm or a key that no longer counts as strong
    transform,            ///< a transform or canonicalisation other than the exclusive one
    message_reference,    ///< what is signed is not exactly this Body and this Timestamp
    message_signature,    ///< missing, or does not hold with the key that the assertion binds
    timestamp,            ///< missing, malformed, or with a span that is negative or over an hour
    stale,                ///< created too long ago, or too far ahead
    replayed,             ///< was seen before
    replay_memory_full,   ///< so many fresh messages are remembered that no more are taken
    provider,             ///< the Body's care provider is not the one that the assertion speaks of
};

/// As in metrics and logs: `none-there`, `too-large`, …
std::string_view to_text(assertion_refusal value);

/// A message that names nobody.
struct refused_message {
    assertion_refusal why = assertion_refusal::none_there;
    /// Who has signed it all the same, where it fails for nothing but that it is not known to be the first of
    /// its kind (`replayed`, above all). Others may have sent it on: enough to take away what is kept for
    /// him, never to give anything out.
    identity signer{};

    friend bool operator==(const refused_message&, const refused_message&) = default;
};

/// What the operator has configured.
struct assertion_rules {
    /// The token services' certificates. They are trusted as they are, chains are not followed; one with a
    /// weak key counts for nothing.
    std::vector<certificate_ptr> issuers;
    /// How far clocks may differ: the platform's, the callers' and garde's.
    std::chrono::seconds skew{300};
    /// Names of the assertion's attributes that may hold the care provider's NIHII number.
    std::vector<std::string> provider_attributes;
};

/// How much is remembered at most. A full replay memory takes about 16 MiB; full memories of assertions and
/// of keys take up to 24 MiB together, about half of it where the assertions bind the keys that are known.
struct assertion_bounds {
    std::size_t messages = 131'072;  ///< when so many are fresh, others are refused
    std::size_t assertions = 4'096;  ///< when there are more, the one that ends first is verified anew
    std::size_t keys = 4'096;        ///< when there are more, the one known for longest is decoded anew
};

/// Checks messages; on one thread. Remembers the messages it has accepted, so that none is accepted twice,
/// the assertions whose issuer's signature held, to verify it once only, and the keys that they bind.
class assertion_checker {
  public:
    explicit assertion_checker(std::shared_ptr<const assertion_rules> rules, assertion_bounds bounds = {});
    assertion_checker(assertion_checker&&) noexcept;
    assertion_checker& operator=(assertion_checker&&) noexcept;
    ~assertion_checker();

    /// Who has signed this message, or the first reason why that is not known. Any bytes. Linear in the
    /// message's size, but for the bounded number of elements. Nothing of a refused message is remembered.
    std::expected<identity, refused_message> check(std::string_view message, wall_time now);

    /// Other rules from now on. Messages that were seen stay seen.
    void use(std::shared_ptr<const assertion_rules> rules);

  private:
    class parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace garde::caller
