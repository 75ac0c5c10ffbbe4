// See sealing.hpp. A sealed text is NONCE(12) CIPHERTEXT TAG(16); the nonce is random, which is safe for far
// more records (2^32) than an epoch of a week can have.
#include "garde/cache/sealing.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

namespace garde::cache {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t seal_bytes = 16;

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// OpenSSL fails here only for want of memory, or when it has been told to do without AES: nothing may then
/// be written down, and nothing be read.
void demand(bool done) {
    if (!done) std::abort();
}

/// HKDF-SHA256 (RFC 5869) without salt: the input is random already.
secret_string derive(const secret_string& from, std::string_view purpose) {
    const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> hkdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr),
                                                                 &EVP_KDF_free);
    demand(hkdf != nullptr);
    const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(hkdf.get()),
                                                                            &EVP_KDF_CTX_free);
    std::string digest = "SHA256";
    std::string input(from.reveal());
    std::string info(purpose);
    const std::array<OSSL_PARAM, 4> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input.data(), input.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end()};
    std::string key(key_bytes, '\0');
    demand(EVP_KDF_derive(context.get(), bytes_of(key), key.size(), parameters.data()) == 1);
    secret_string out(key);
    wipe(key);
    wipe(input);
    return out;
}

std::string seal_with(const secret_string& key, std::string_view context, std::string_view plain) {
    const cipher_context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    std::string out = random_bytes(nonce_bytes);
    out.resize(nonce_bytes + plain.size() + seal_bytes);
    auto* const at = bytes_of(out);
    int size = 0;
    demand(cipher != nullptr &&
           EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.reveal()), at) == 1 &&
           EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(context),
                             static_cast<int>(context.size())) == 1 &&
           EVP_EncryptUpdate(cipher.get(), at + nonce_bytes, &size, bytes_of(plain),
                             static_cast<int>(plain.size())) == 1 &&
           EVP_EncryptFinal_ex(cipher.get(), at + nonce_bytes + size, &size) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, seal_bytes,
                               at + nonce_bytes + plain.size()) == 1);
    return out;
}

std::optional<secret_string> open_with(const secret_string& key, std::string_view context,
                                       std::string_view sealed) {
    if (sealed.size() < nonce_bytes + seal_bytes) return std::nullopt;
    const cipher_context cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    const auto hidden = sealed.substr(nonce_bytes, sealed.size() - nonce_bytes - seal_bytes);
    std::string seal(sealed.substr(sealed.size() - seal_bytes));
    std::string plain(hidden.size(), '\0');
    int size = 0;
    demand(cipher != nullptr &&
           EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key.reveal()),
                              bytes_of(sealed)) == 1 &&
           EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(context),
                             static_cast<int>(context.size())) == 1 &&
           EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &size, bytes_of(hidden),
                             static_cast<int>(hidden.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, seal_bytes, seal.data()) == 1);
    const bool sound = EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + size, &size) == 1;
    std::optional<secret_string> out;
    if (sound) out.emplace(plain);
    wipe(plain);
    return out;
}

std::string wrapping_context(std::int64_t epoch) {
    return "garde cache epoch " + std::to_string(epoch);
}

}  // namespace

std::optional<master_key> master_key::from(const secret_string& bytes) {
    if (bytes.size() != size) return std::nullopt;
    return master_key(derive(bytes, "garde cache: wrapping of epochs"));
}

std::string master_key::wrap(std::int64_t epoch, const secret_string& material) const {
    return seal_with(wrapping_, wrapping_context(epoch), material.reveal());
}

std::optional<secret_string> master_key::unwrap(std::int64_t epoch, std::string_view wrapped) const {
    return open_with(wrapping_, wrapping_context(epoch), wrapped);
}

secret_string epoch_keys::make_material() {
    std::string bytes = random_bytes(key_bytes);
    secret_string out(bytes);
    wipe(bytes);
    return out;
}

epoch_keys::epoch_keys(std::int64_t epoch, const secret_string& material)
    : epoch_(epoch),
      sealing_(derive(material, "garde cache: sealing")),
      tagging_(derive(material, "garde cache: tags")) {}

key_tag epoch_keys::tag(const cache_key& key) const {
    const auto hash = hmac_sha256(tagging_.reveal(), {reinterpret_cast<const char*>(key.data()), key.size()});
    key_tag out{};
    std::copy_n(hash.begin(), out.size(), out.begin());
    return out;
}

std::string epoch_keys::seal(std::string_view context, std::string_view plain) const {
    return seal_with(sealing_, context, plain);
}

std::optional<secret_string> epoch_keys::open(std::string_view context, std::string_view sealed) const {
    return open_with(sealing_, context, sealed);
}

}  // namespace garde::cache
