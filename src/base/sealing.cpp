// See sealing.hpp.
#include "garde/base/sealing.hpp"

#include "garde/base/hash.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace garde {
namespace {

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

}  // namespace

secret_string make_sealing_key() {
    std::string bytes = random_bytes(sealing_key_bytes);
    secret_string out(bytes);
    wipe(bytes);
    return out;
}

secret_string derive_key(const secret_string& from, std::string_view purpose) {
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
    std::string key(sealing_key_bytes, '\0');
    demand(EVP_KDF_derive(context.get(), bytes_of(key), key.size(), parameters.data()) == 1);
    secret_string out(key);
    wipe(key);
    wipe(input);
    return out;
}

std::string seal(const secret_string& key, std::string_view context, std::string_view plain) {
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

std::optional<secret_string> open_seal(const secret_string& key, std::string_view context,
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

}  // namespace garde
