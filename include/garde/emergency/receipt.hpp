// Receipts: the signed proof that a caller asked at a time when the service was not available. A compact JWS
// (RFC 7515), ES256. It is evidence, not a guarantee of payment.
//
// Header: {"alg":"ES256","typ":"garde-receipt+jws","kid":KID}, KID being the first 16 hex digits of the
// SHA-256 of the public key (SubjectPublicKeyInfo, DER). Payload: iss, iat (Unix seconds), at (RFC 3339),
// jti, service, request_sha256 (hex), caller, mode, decision, rule and policy (which stand-in rule decided,
// and the version of all of them), procedure (its version, where it was handed out), deferral (its id, where
// the request was kept), attempts (backend, at, ms, result; the first ones where there is no room for all),
// and age (seconds) where cached data was served.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/emergency/receipt_keys.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::emergency {

/// A backend that was asked, and gave no answer.
struct attempt_claim {
    std::string_view backend;  ///< by its name in the configuration
    wall_time at{};            ///< when it was asked
    milliseconds took{};
    std::string_view result;  ///< what became of it, as the metrics call it
};

/// Texts of others, which have to be there while it is signed.
struct receipt_claims {
    wall_time at{};
    std::string_view id;
    std::string_view service;
    digest256 request_sha256{};  ///< of the request body's bytes
    std::string_view
        caller;             ///< the caller's pseudonym is useless to him: issuer and subject, or `unverified`
    std::string_view mode;  ///< Garde-Mode of the answer
    std::string_view decision;            ///< cache, defer or procedure
    std::string_view rule;                ///< the stand-in rule that decided
    std::string_view policy;              ///< version of the rules
    std::string_view exercise;            ///< in which it was asked, by id; empty: in earnest
    std::string_view deferral;            ///< id under which the request was kept; empty: it was not
    std::string_view procedure;           ///< version of the text that was handed out; empty: none was
    std::vector<attempt_claim> attempts;  ///< in their order; none where nobody was asked
    std::chrono::seconds age{-1};         ///< of the cached data; negative: none
};

struct signed_receipt {
    std::string jws;       ///< empty when it could not be signed
    digest256 commitment;  ///< SHA-256 of what is signed: header and claims, as they stand in the JWS
};

/// The same of a receipt that somebody shows: of all up to its last dot.
digest256 receipt_commitment(std::string_view jws);

/// Signs. Immutable after load; any thread may sign at the same time.
class receipt_signer {
  public:
    /// `key`: PEM, EC P-256 private key without a passphrase. `issuer`: UTF-8 without control characters, at
    /// most 200 bytes.
    static result<receipt_signer> load(const std::filesystem::path& key, std::string issuer);
    ~receipt_signer();
    receipt_signer(receipt_signer&&) noexcept;
    receipt_signer& operator=(receipt_signer&&) noexcept;

    /// At most 2 KiB; claims too long for that are shortened, the attempts and the caller first. Empty when
    /// OpenSSL fails (out of memory).
    [[nodiscard]] signed_receipt sign(const receipt_claims& claims) const;

    /// KID of its receipts.
    [[nodiscard]] const std::string& id() const;

  private:
    struct state;
    explicit receipt_signer(std::unique_ptr<state> with);
    std::unique_ptr<state> state_;
};

/// Checks form and signature; returns the payload as JSON text. Only the very form that sign() writes is
/// accepted: ES256, this `typ`, a `kid` of one of these keys, three parts of canonical base64url.
result<std::string> verify_receipt(std::string_view jws, const receipt_keys& keys);

}  // namespace garde::emergency
