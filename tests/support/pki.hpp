// A small PKI for one test program, made in memory and written to a folder of its own: a CA with a server's
// and a client's certificate, and another CA that nobody trusts, with a client's.
#pragma once

#include "garde/config/settings.hpp"

#include "temporary_folder.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>
#include <string>

namespace garde::test {

/// The name in the server's certificate; it is also good for 127.0.0.1.
inline constexpr const char* server_name = "backend.garde.test";

class pki {
  public:
    /// The one of this program.
    static const pki& shared() {
        static const pki one;
        return one;
    }

    [[nodiscard]] std::filesystem::path ca() const { return file("ca.pem"); }
    [[nodiscard]] std::filesystem::path other_ca() const { return file("other-ca.pem"); }
    [[nodiscard]] config::certificate_files server() const {
        return {file("server.pem"), file("server.key")};
    }
    [[nodiscard]] config::certificate_files client() const {
        return {file("client.pem"), file("client.key")};
    }
    /// Issued by the other CA.
    [[nodiscard]] config::certificate_files stranger() const {
        return {file("stranger.pem"), file("stranger.key")};
    }

  private:
    struct free_openssl {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
        void operator()(X509* certificate) const { X509_free(certificate); }
    };
    using key_ptr = std::unique_ptr<EVP_PKEY, free_openssl>;
    using certificate_ptr = std::unique_ptr<X509, free_openssl>;
    struct issued {
        key_ptr key;
        certificate_ptr certificate;
    };

    pki() {
        const issued ca = issue("Test CA", nullptr, nullptr);
        const issued other = issue("Other CA", nullptr, nullptr);
        save("ca", ca);
        save("other-ca", other);
        save("server", issue(server_name, "DNS:backend.garde.test,IP:127.0.0.1", &ca));
        save("client", issue("pharmacy", "DNS:pharmacy.garde.test", &ca));
        save("stranger", issue("stranger", "DNS:stranger.garde.test", &other));
    }

    [[nodiscard]] std::filesystem::path file(const char* name) const { return folder_.path() / name; }

    static void extend(X509* certificate, X509* issuer, int what, const char* value) {
        X509V3_CTX context;
        X509V3_set_ctx_nodb(&context);
        X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    /// Without an issuer it is a CA of its own.
    static issued issue(const char* name, const char* alternative_names, const issued* issuer) {
        static long serial = 1;
        issued out{key_ptr(EVP_EC_gen("P-256")), certificate_ptr(X509_new())};
        X509* made = out.certificate.get();
        X509* by = issuer == nullptr ? made : issuer->certificate.get();
        X509_set_version(made, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
        X509_gmtime_adj(X509_getm_notBefore(made), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made), 24L * 3600);
        X509_set_pubkey(made, out.key.get());
        X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(made, X509_get_subject_name(by));
        if (issuer == nullptr) extend(made, by, NID_basic_constraints, "critical,CA:TRUE");
        if (alternative_names != nullptr) extend(made, by, NID_subject_alt_name, alternative_names);
        X509_sign(made, issuer == nullptr ? out.key.get() : issuer->key.get(), EVP_sha256());
        return out;
    }

    void save(const std::string& name, const issued& what) const {
        FILE* certificate = std::fopen(file((name + ".pem").c_str()).c_str(), "w");
        PEM_write_X509(certificate, what.certificate.get());
        std::fclose(certificate);
        FILE* key = std::fopen(file((name + ".key").c_str()).c_str(), "w");
        PEM_write_PrivateKey(key, what.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(key);
    }

    temporary_folder folder_;
};

}  // namespace garde::test
