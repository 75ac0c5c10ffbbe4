// A certificate authority that a test can make do anything: issue for any names and time, revoke, answer
// OCSP.
#pragma once

#include "garde/base/x509.hpp"

#include "temporary_folder.hpp"

#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace garde::test {

using std::chrono::sys_seconds;

inline sys_seconds wall_seconds() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// From now: when something begins and ends to hold.
struct period {
    std::chrono::seconds begin = std::chrono::hours(-1);
    std::chrono::seconds end = std::chrono::hours(24);
};

inline std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> asn1_time(std::chrono::seconds from_now) {
    return {ASN1_TIME_set(nullptr, (wall_seconds() + from_now).time_since_epoch().count()), ASN1_TIME_free};
}

/// A certificate and its key, in memory.
struct issued {
    key_ptr key;
    certificate_ptr certificate;

    [[nodiscard]] std::string certificate_pem() const {
        return pem([this](BIO* to) { PEM_write_bio_X509(to, certificate.get()); });
    }
    [[nodiscard]] std::string key_pem() const {
        return pem([this](BIO* to) {
            PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }

    template <class F>
    static std::string pem(F write) {
        const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
        write(memory.get());
        char* data = nullptr;
        const long size = BIO_get_mem_data(memory.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }
};

class authority {
  public:
    explicit authority(const std::string& name) : own_(make(name, {}, long_time, nullptr)) {}

    /// An intermediate one.
    authority(const std::string& name, const authority& parent)
        : own_(make(name, {}, long_time, &parent.own_)) {
        extend(own_.certificate.get(), parent.own_.certificate.get(), NID_basic_constraints,
               "critical,CA:TRUE");
        sign(own_, parent.own_);
    }

    [[nodiscard]] const issued& own() const { return own_; }
    [[nodiscard]] std::string pem() const { return own_.certificate_pem(); }

    /// `alternative_names` as OpenSSL writes them: "DNS:a.garde.test,DNS:*.b.garde.test".
    [[nodiscard]] issued issue(const std::string& name, const std::string& alternative_names = {},
                               period valid = {}) const {
        return make(name, alternative_names, valid, &own_);
    }

    /// PEM.
    [[nodiscard]] std::string revocation_list(std::span<const X509* const> revoked, period valid = {}) const {
        const revocation_list_ptr list(X509_CRL_new());
        X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
        X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(own_.certificate.get()));
        X509_CRL_set1_lastUpdate(list.get(), asn1_time(valid.begin).get());
        X509_CRL_set1_nextUpdate(list.get(), asn1_time(valid.end).get());
        for (const X509* each : revoked) {
            X509_REVOKED* entry = X509_REVOKED_new();
            X509_REVOKED_set_serialNumber(entry, const_cast<ASN1_INTEGER*>(X509_get0_serialNumber(each)));
            X509_REVOKED_set_revocationDate(entry, asn1_time(valid.begin).get());
            X509_CRL_add0_revoked(list.get(), entry);
        }
        X509_CRL_sort(list.get());
        X509_CRL_sign(list.get(), own_.key.get(), EVP_sha256());
        return issued::pem([&](BIO* to) { PEM_write_bio_X509_CRL(to, list.get()); });
    }
    [[nodiscard]] std::string revocation_list(std::initializer_list<const X509*> revoked,
                                              period valid = {}) const {
        return revocation_list(std::span(revoked.begin(), revoked.size()), valid);
    }

    /// DER. `status` is V_OCSP_CERTSTATUS_…; an impostor names the `issuer` for whom it signs.
    [[nodiscard]] std::string ocsp_answer(const X509* about, int status = V_OCSP_CERTSTATUS_GOOD,
                                          period valid = {}, const X509* issuer = nullptr) const {
        OCSP_BASICRESP* answer = OCSP_BASICRESP_new();
        OCSP_CERTID* id =
            OCSP_cert_to_id(EVP_sha1(), about, issuer != nullptr ? issuer : own_.certificate.get());
        OCSP_basic_add1_status(answer, id, status, 0,
                               status == V_OCSP_CERTSTATUS_REVOKED ? asn1_time(valid.begin).get() : nullptr,
                               asn1_time(valid.begin).get(), asn1_time(valid.end).get());
        OCSP_basic_sign(answer, own_.certificate.get(), own_.key.get(), EVP_sha256(), nullptr, OCSP_NOCERTS);
        OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, answer);
        unsigned char* data = nullptr;
        const int size = i2d_OCSP_RESPONSE(response, &data);
        std::string out(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
        OPENSSL_free(data);
        OCSP_RESPONSE_free(response);
        OCSP_CERTID_free(id);
        OCSP_BASICRESP_free(answer);
        return out;
    }

  private:
    static constexpr period long_time{std::chrono::hours(-1), std::chrono::hours(1000)};

    static void extend(X509* certificate, X509* issuer, int what, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    static void sign(const issued& what, const issued& by) {
        X509_sign(what.certificate.get(), by.key.get(), EVP_sha256());
    }

    /// Without an issuer it is a root.
    static issued make(const std::string& name, const std::string& alternative_names, period valid,
                       const issued* issuer) {
        static long serial = 1000;
        issued out{key_ptr(EVP_EC_gen("P-256")), certificate_ptr(X509_new())};
        X509* made = out.certificate.get();
        X509* by = issuer == nullptr ? made : issuer->certificate.get();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
        X509_set1_notBefore(made, asn1_time(valid.begin).get());
        X509_set1_notAfter(made, asn1_time(valid.end).get());
        X509_set_pubkey(made, out.key.get());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
        X509_set_issuer_name(made, X509_get_subject_name(by));
        if (issuer == nullptr) extend(made, by, NID_basic_constraints, "critical,CA:TRUE");
        if (!alternative_names.empty()) extend(made, by, NID_subject_alt_name, alternative_names.c_str());
        sign(out, issuer == nullptr ? out : *issuer);
        return out;
    }

    issued own_;
};

}  // namespace garde::test
