// Signed messages for the tests: made with keys of this run, by xmlsec1, from texts that a test may change
// before they are signed (an honest signer of something odd) or after (a forger).
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/x509.hpp"
#include "garde/caller/assertion.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace garde::test {

/// A key with a certificate for it that it has signed itself.
struct signer {
    key_ptr key;
    certificate_ptr certificate;
};

/// `kind`: "RSA" with bits, or a curve's name. Valid for a year around the time of the messages.
signer make_signer(const std::string& name, const std::string& kind, unsigned bits = 2048);
/// The same with another period of validity, in seconds from the time of the messages.
signer make_signer_valid(const std::string& name, std::chrono::seconds from, std::chrono::seconds to);

/// Another certificate for the same key and name.
certificate_ptr renewed(const signer& of, std::chrono::seconds from, std::chrono::seconds to);

/// Made once in a program; `kind` as above with the bits behind it: "RSA-2048", "P-256", …
const signer& shared_signer(const std::string& name, const std::string& kind = "RSA-2048");

/// When all messages are made, unless a plan says otherwise.
inline constexpr wall_time message_time =
    std::chrono::sys_days{std::chrono::year{2026} / 3 / 2} + std::chrono::hours{9};

inline constexpr std::string_view provider_attribute = "urn:test:provider";

enum class saml : std::uint8_t { v11, v20 };

using edit = std::function<std::string(std::string)>;

struct message_plan {
    saml version = saml::v11;
    const signer* issuer = &shared_signer("Token Service");
    const signer* holder = &shared_signer("Pharmacy One");  ///< whom the assertion binds
    const signer* sender = nullptr;                         ///< who signs the message; the holder when null
    wall_time created = message_time;
    std::chrono::milliseconds life{60'000};
    wall_time not_before = message_time - std::chrono::hours{1};
    wall_time not_on_or_after = message_time + std::chrono::hours{11};
    std::string subject = "CN=Pharmacy One";
    std::string provider = "00000000101";  ///< that the assertion speaks of; the Body's is the same
    std::string assertion_method{};        ///< signature algorithm; empty: by the key
    std::string message_method{};
    edit edit_assertion{};  ///< before its issuer signs it
    edit edit_message{};    ///< with the signed assertion in it, before the sender signs it
};

std::string make_assertion(const message_plan& plan);
std::string make_message(const message_plan& plan = {});

/// The message with its last signature (its own) made anew by RSASSA-PSS with this digest, which xmlsec1 here
/// cannot make; `method` replaces the algorithm that it names.
std::string with_pss(std::string message, const signer& by, std::string_view method, const EVP_MD* digest);

/// The message with the last signature's value (r, s), of ECDSA on P-256, replaced by (r, n - s).
std::string with_other_ecdsa_value(std::string message);

/// Rules that trust the usual token service.
std::shared_ptr<caller::assertion_rules> usual_rules();

/// A second owner of the same certificate.
certificate_ptr same_certificate(const signer& of);

/// The content of X509Certificate.
std::string base64_certificate(const signer& of);

}  // namespace garde::test
