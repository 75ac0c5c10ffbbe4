// See es256.hpp.
#include "es256.hpp"

#include "garde/base/hash.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace garde::emergency {
namespace {

template <auto function>
struct deleter {
    template <class T>
    void operator()(T* what) const noexcept {
        function(what);
    }
};
using bio_ptr = std::unique_ptr<BIO, deleter<&BIO_free>>;
using context_ptr = std::unique_ptr<EVP_MD_CTX, deleter<&EVP_MD_CTX_free>>;
using pkey_context_ptr = std::unique_ptr<EVP_PKEY_CTX, deleter<&EVP_PKEY_CTX_free>>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, deleter<&ECDSA_SIG_free>>;
using certificate_ptr = std::unique_ptr<X509, deleter<&X509_free>>;

constexpr int half_bytes = es256_signature_bytes / 2;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Instead of OpenSSL's own, which would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

bool is_p256(EVP_PKEY* key) {
    char group[32];
    std::size_t length = 0;
    return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
           std::strcmp(group, "prime256v1") == 0;
}

result<bio_ptr> open_file(const std::filesystem::path& file) {
    bio_ptr opened(BIO_new_file(file.c_str(), "r"));
    const int why = errno;
    ERR_clear_error();
    if (!opened)
        return fail(fmt::format("cannot read {}: {}", file.string(),
                                std::error_code(why, std::generic_category()).message()));
    return opened;
}

using key_reader = key_ptr (*)(BIO*);

key_ptr read_private(BIO* from) {
    return key_ptr(PEM_read_bio_PrivateKey(from, nullptr, no_passphrase, nullptr));
}
key_ptr read_public(BIO* from) {
    return key_ptr(PEM_read_bio_PUBKEY(from, nullptr, no_passphrase, nullptr));
}
key_ptr read_certificate(BIO* from) {
    const certificate_ptr certificate(PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr));
    return key_ptr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

/// Each reader skips what it is not for, so the file is read from its beginning for each.
result<key_ptr> load_key(const std::filesystem::path& file, std::initializer_list<key_reader> readers,
                         std::string_view wanted) {
    for (const auto read : readers) {
        const auto opened = open_file(file);
        if (!opened) return std::unexpected(opened.error());
        auto key = read(opened->get());
        ERR_clear_error();
        if (!key) continue;
        if (!is_p256(key.get()))
            return fail(fmt::format("{} holds another kind of key; EC P-256 is needed", file.string()));
        return key;
    }
    return fail(fmt::format("{} holds no {}", file.string(), wanted));
}

}  // namespace

void key_deleter::operator()(EVP_PKEY* key) const noexcept {
    EVP_PKEY_free(key);
}

result<key_ptr> load_private_key(const std::filesystem::path& file) {
    return load_key(file, {read_private}, "private key in PEM form without a passphrase");
}

result<key_ptr> load_public_key(const std::filesystem::path& file) {
    return load_key(file, {read_certificate, read_public, read_private}, "certificate or key in PEM form");
}

std::string key_id(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    if (length <= 0) return {};
    auto id =
        to_hex(sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(length)})).substr(0, 16);
    OPENSSL_free(der);
    return id;
}

namespace {

/// Ready to sign with this key, the last one that this thread signed with: making one costs a tenth of a
/// signature.
EVP_PKEY_CTX* signing_context(EVP_PKEY* key) {
    struct prepared {
        key_ptr key;
        pkey_context_ptr context;
    };
    thread_local prepared last;
    if (last.key.get() == key) return last.context.get();
    last = {};
    pkey_context_ptr made(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    if (!made || EVP_PKEY_sign_init(made.get()) != 1 || EVP_PKEY_up_ref(key) != 1) return nullptr;
    last = {.key = key_ptr(key), .context = std::move(made)};
    return last.context.get();
}

}  // namespace

std::optional<std::string> sign_es256(EVP_PKEY* key, const digest256& hash) {
    EVP_PKEY_CTX* context = signing_context(key);
    unsigned char der[128];
    std::size_t length = sizeof der;
    if (context == nullptr || EVP_PKEY_sign(context, der, &length, hash.data(), hash.size()) != 1) {
        ERR_clear_error();
        return std::nullopt;
    }
    const unsigned char* at = der;
    const signature_ptr signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)));
    std::string out(es256_signature_bytes, '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), to, half_bytes) != half_bytes ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), to + half_bytes, half_bytes) != half_bytes) {
        ERR_clear_error();
        return std::nullopt;
    }
    return out;
}

bool verify_es256(EVP_PKEY* key, std::string_view data, std::string_view signature) {
    if (signature.size() != es256_signature_bytes) return false;
    const signature_ptr parts(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(bytes_of(signature), half_bytes, nullptr);
    BIGNUM* s = BN_bin2bn(bytes_of(signature) + half_bytes, half_bytes, nullptr);
    // set0 takes both over, but only when it succeeds.
    if (!parts || ECDSA_SIG_set0(parts.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(parts.get(), &der);
    if (length <= 0) return false;
    const context_ptr context(EVP_MD_CTX_new());
    const bool good =
        context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
        EVP_DigestVerify(context.get(), der, static_cast<std::size_t>(length), bytes_of(data), data.size()) ==
            1;
    OPENSSL_free(der);
    ERR_clear_error();
    return good;
}

}  // namespace garde::emergency
