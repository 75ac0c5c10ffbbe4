// See revocation.hpp.
#include "garde/base/revocation.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <memory>

namespace garde {
namespace {

using std::chrono::sys_seconds;

/// How far ahead of ours the clock of an authority may be.
constexpr std::chrono::minutes clock_tolerance{5};

constexpr const char* fetch_list = "fetch the authority's current list";
constexpr const char* fetch_answer =
    "fetch a current one, e.g. with openssl ocsp -issuer … -cert … -url … -respout …";

struct ocsp_deleter {
    void operator()(OCSP_RESPONSE* value) const { OCSP_RESPONSE_free(value); }
    void operator()(OCSP_BASICRESP* value) const { OCSP_BASICRESP_free(value); }
    void operator()(X509_STORE* value) const { X509_STORE_free(value); }
};
using basic_answer_ptr = std::unique_ptr<OCSP_BASICRESP, ocsp_deleter>;

bool signed_by(const X509_CRL* list, const X509* authority) {
    return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(authority)) == 0 &&
           X509_CRL_verify(const_cast<X509_CRL*>(list), X509_get0_pubkey(authority)) == 1;
}

std::optional<revocation_fault> check_period(const ASN1_TIME* begin, const ASN1_TIME* end, sys_seconds now,
                                             const char* instead) {
    const auto from = to_time(begin);
    const auto until = to_time(end);
    if (!from || *from > now + clock_tolerance)
        return revocation_fault{
            fmt::format("is not valid before {}", from ? date_text(*from) : "an unreadable date"),
            "check this machine's clock, or wait until then"};
    if (!until) return revocation_fault{"does not say until when it holds (nextUpdate)", instead};
    return std::nullopt;
}

std::optional<revocation_fault> check_end(sys_seconds end, sys_seconds now, const char* instead) {
    if (now < end) return std::nullopt;
    return revocation_fault{fmt::format("has expired on {}", date_text(end)), instead};
}

/// Does the answer speak of this certificate? The issuer's key is compared only where the issuer is known.
bool names_certificate(const OCSP_SINGLERESP* single, const X509* certificate, const X509* issuer) {
    ASN1_OCTET_STRING* name_hash = nullptr;
    ASN1_OCTET_STRING* key_hash = nullptr;
    ASN1_OBJECT* digest_name = nullptr;
    ASN1_INTEGER* serial = nullptr;
    OCSP_id_get0_info(&name_hash, &digest_name, &key_hash, &serial,
                      const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
    if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0) return false;
    const EVP_MD* digest = EVP_get_digestbyobj(digest_name);
    if (digest == nullptr) return false;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    const auto equals = [&](const ASN1_OCTET_STRING* stated) {
        return std::ranges::equal(
            std::span(hash).first(size),
            std::span(ASN1_STRING_get0_data(stated), static_cast<std::size_t>(ASN1_STRING_length(stated))));
    };
    if (X509_NAME_digest(X509_get_issuer_name(certificate), digest, hash.data(), &size) != 1 ||
        !equals(name_hash))
        return false;
    return issuer == nullptr ||
           (X509_pubkey_digest(issuer, digest, hash.data(), &size) == 1 && equals(key_hash));
}

bool signature_holds(OCSP_BASICRESP* answer, X509* issuer) {
    const std::unique_ptr<X509_STORE, ocsp_deleter> trusted(X509_STORE_new());
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> near(
        sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
    if (!trusted || !near || X509_STORE_add_cert(trusted.get(), issuer) != 1 ||
        sk_X509_push(near.get(), issuer) <= 0)
        return false;
    // The issuer may be an intermediate one: it is the anchor here, whoever signed it.
    X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);
    const bool holds = OCSP_basic_verify(answer, near.get(), trusted.get(), 0) == 1;
    ERR_clear_error();
    return holds;
}

}  // namespace

std::optional<revocation_fault> check_revocation_list(const X509_CRL* list,
                                                      std::span<const certificate_ptr> authorities,
                                                      sys_seconds now) {
    const bool known = std::ranges::any_of(
        authorities, [list](const certificate_ptr& authority) { return signed_by(list, authority.get()); });
    ERR_clear_error();
    if (!known)
        return revocation_fault{fmt::format("is the list of an authority that is not trusted here: {}",
                                            name_text(X509_CRL_get_issuer(list))),
                                "remove it, or add that authority's certificate to client_ca"};
    return check_period(X509_CRL_get0_lastUpdate(list), X509_CRL_get0_nextUpdate(list), now, fetch_list);
}

std::vector<const X509*> authorities_without_list(std::span<const certificate_ptr> authorities,
                                                  std::span<const revocation_list_ptr> lists) {
    std::vector<const X509*> out;
    for (const auto& authority : authorities)
        if (std::ranges::none_of(lists, [&](const revocation_list_ptr& list) {
                return signed_by(list.get(), authority.get());
            }))
            out.push_back(authority.get());
    ERR_clear_error();
    return out;
}

sys_seconds next_update(const X509_CRL* list) {
    return to_time(X509_CRL_get0_nextUpdate(list)).value_or(sys_seconds{});
}

std::optional<revocation_fault> check_expiry(const X509_CRL* list, sys_seconds now) {
    return check_end(next_update(list), now, fetch_list);
}

bool is_revoked(const X509* certificate, std::span<const revocation_list_ptr> lists) {
    bool covered = false;
    for (const auto& list : lists) {
        if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_issuer_name(certificate)) != 0) continue;
        covered = true;
        X509_REVOKED* entry = nullptr;
        // 2 is an entry that takes the certificate off the list again (removeFromCRL).
        if (X509_CRL_get0_by_cert(list.get(), &entry, const_cast<X509*>(certificate)) == 1) return true;
    }
    return !covered;
}

std::expected<ocsp_answer, revocation_fault> read_ocsp_answer(std::string_view der,
                                                              std::span<const certificate_ptr> chain,
                                                              sys_seconds now) {
    const auto refuse = [](std::string what) {
        ERR_clear_error();
        return std::unexpected(revocation_fault{std::move(what), fetch_answer});
    };
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<OCSP_RESPONSE, ocsp_deleter> response(
        d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
    if (!response) return refuse("is no OCSP answer in DER form");
    if (OCSP_response_status(response.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return refuse("is a refusal of the authority, not an answer");
    const basic_answer_ptr answer(OCSP_response_get1_basic(response.get()));
    if (!answer) return refuse("is no OCSP answer in DER form");

    X509* certificate = chain.front().get();
    X509* issuer = chain.size() > 1 ? chain[1].get() : nullptr;
    if (issuer != nullptr && X509_check_issued(issuer, certificate) != X509_V_OK) issuer = nullptr;
    const OCSP_SINGLERESP* found = nullptr;
    for (int i = 0; i < OCSP_resp_count(answer.get()) && found == nullptr; ++i) {
        const auto* single = OCSP_resp_get0(answer.get(), i);
        if (names_certificate(single, certificate, issuer)) found = single;
    }
    if (found == nullptr) return refuse("is about another certificate");
    if (issuer != nullptr && !signature_holds(answer.get(), issuer))
        return refuse("is not signed by the certificate's issuer");

    ASN1_GENERALIZEDTIME* begin = nullptr;
    ASN1_GENERALIZEDTIME* end = nullptr;
    const int status =
        OCSP_single_get0_status(const_cast<OCSP_SINGLERESP*>(found), nullptr, nullptr, &begin, &end);
    if (status != V_OCSP_CERTSTATUS_GOOD)
        return std::unexpected(revocation_fault{status == V_OCSP_CERTSTATUS_REVOKED
                                                    ? "says that the certificate is revoked"
                                                    : "says that the certificate is unknown",
                                                "replace the certificate"});
    if (auto fault = check_period(begin, end, now, fetch_answer)) return std::unexpected(std::move(*fault));
    return ocsp_answer{std::string(der), *to_time(end)};
}

std::optional<revocation_fault> check_expiry(const ocsp_answer& answer, sys_seconds now) {
    return check_end(answer.next_update, now, fetch_answer);
}

}  // namespace garde
