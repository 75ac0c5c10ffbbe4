// What revocation lists (RFC 5280, 5) and OCSP answers (RFC 6960) say, and whether they may be relied on.
// Pure: bytes and the time go in.
#pragma once

#include "garde/base/x509.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace garde {

/// Why a list or an answer cannot be used; both parts complete a message.
struct revocation_fault {
    std::string what;     ///< "has expired on 2018-08-09"
    std::string instead;  ///< "fetch the authority's current list"
};

/// Null when this list is in force at `now`, or was once, and is signed by one of the authorities.
std::optional<revocation_fault> check_revocation_list(const X509_CRL* list,
                                                      std::span<const certificate_ptr> authorities,
                                                      std::chrono::sys_seconds now);

/// The authorities of which no list is there: all that they issued would be refused.
std::vector<const X509*> authorities_without_list(std::span<const certificate_ptr> authorities,
                                                  std::span<const revocation_list_ptr> lists);

/// The end of a list's period; `check_revocation_list` has accepted the list.
std::chrono::sys_seconds next_update(const X509_CRL* list);

/// Null until then.
std::optional<revocation_fault> check_expiry(const X509_CRL* list, std::chrono::sys_seconds now);

/// Is the certificate on one of the lists of its issuer? Also true when its issuer has no list.
bool is_revoked(const X509* certificate, std::span<const revocation_list_ptr> lists);

struct ocsp_answer {
    std::string der;                       ///< as it is sent to clients
    std::chrono::sys_seconds next_update;  ///< not to be used from then on
};

/// An authority's answer that the certificate `chain.front()` is good at `now`, or was once. Its signature is
/// checked where the issuer is in the chain.
std::expected<ocsp_answer, revocation_fault> read_ocsp_answer(std::string_view der,
                                                              std::span<const certificate_ptr> chain,
                                                              std::chrono::sys_seconds now);

/// Null while it may be used.
std::optional<revocation_fault> check_expiry(const ocsp_answer& answer, std::chrono::sys_seconds now);

}  // namespace garde
