// See signing_key.hpp.
#include "signing_key.hpp"

#include "names.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

namespace garde::caller {
namespace {

using enum assertion_refusal;

// From 2048 bits on RSA counts as strong; above 8192, or with a long exponent, verifying costs too much.
constexpr int min_rsa_bits = 2048;
constexpr int max_rsa_bits = 8192;
constexpr int max_exponent_bits = 64;

using number_ptr = std::unique_ptr<BIGNUM, decltype([](BIGNUM* value) { BN_free(value); })>;
using builder_ptr =
    std::unique_ptr<OSSL_PARAM_BLD, decltype([](OSSL_PARAM_BLD* value) { OSSL_PARAM_BLD_free(value); })>;
using params_ptr = std::unique_ptr<OSSL_PARAM, decltype([](OSSL_PARAM* value) { OSSL_PARAM_free(value); })>;
using key_context_ptr =
    std::unique_ptr<EVP_PKEY_CTX, decltype([](EVP_PKEY_CTX* value) { EVP_PKEY_CTX_free(value); })>;

struct curve {
    std::string_view uri;  ///< as ECKeyValue names it
    const char* name;      ///< as OpenSSL does
    std::size_t field_bytes;
};
constexpr std::array curves{curve{"urn:oid:1.2.840.10045.3.1.7", SN_X9_62_prime256v1, 32},
                            curve{"urn:oid:1.3.132.0.34", SN_secp384r1, 48}};

/// White space is left out, as xs:base64Binary allows it between any two characters.
std::optional<std::string> from_base64(std::string_view text) {
    std::string packed;
    packed.reserve(text.size());
    for (const char c : text)
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') packed.push_back(c);
    if (packed.empty() || packed.size() % 4 != 0) return std::nullopt;
    std::string out(packed.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(packed.data()),
                                     static_cast<int>(packed.size()));
    if (size < 0) return std::nullopt;
    const std::size_t padding = packed.ends_with("==") ? 2 : packed.ends_with('=') ? 1 : 0;
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

checked<std::string> bytes_in(const xmlNode* element) {
    if (element == nullptr) return std::unexpected(bad_key);
    const auto text = text_of(*element);
    if (!text) return std::unexpected(text.error());
    auto bytes = from_base64(*text);
    if (!bytes) return std::unexpected(bad_key);
    return std::move(*bytes);
}

const unsigned char* data_of(const std::string& bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

checked<key_ptr> key_of_certificate(const xmlNode& element) {
    const auto der = bytes_in(&element);
    if (!der) return std::unexpected(der.error());
    const auto* at = data_of(*der);
    const certificate_ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der->size())));
    if (certificate == nullptr || at != data_of(*der) + der->size()) return std::unexpected(bad_key);
    return key_ptr(X509_get_pubkey(certificate.get()));
}

key_ptr make_key(const char* type, OSSL_PARAM_BLD* parts) {
    const params_ptr params(OSSL_PARAM_BLD_to_param(parts));
    const key_context_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return key_ptr(key);
}

number_ptr number_of(const std::string& bytes) {
    return number_ptr(BN_bin2bn(data_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

checked<key_ptr> key_of_rsa_value(const xmlNode& value) {
    const auto modulus = bytes_in(children_named(value, dsig, "Modulus").first);
    if (!modulus) return std::unexpected(modulus.error());
    const auto exponent = bytes_in(children_named(value, dsig, "Exponent").first);
    if (!exponent) return std::unexpected(exponent.error());
    const auto n = number_of(*modulus);
    const auto e = number_of(*exponent);
    const builder_ptr parts(OSSL_PARAM_BLD_new());
    if (n == nullptr || e == nullptr || BN_num_bits(n.get()) > max_rsa_bits || BN_is_zero(n.get()) ||
        parts == nullptr || OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return std::unexpected(bad_key);
    return make_key("RSA", parts.get());
}

checked<key_ptr> key_of_ec_value(const xmlNode& value) {
    const auto named = children_named(value, dsig11, "NamedCurve");
    const auto point = bytes_in(children_named(value, dsig11, "PublicKey").first);
    if (!point) return std::unexpected(point.error());
    if (named.count != 1) return std::unexpected(bad_key);
    const auto uri = value_of(attribute(*named.first, "URI"));
    const curve* known = nullptr;
    for (const auto& candidate : curves)
        if (candidate.uri == uri) known = &candidate;
    if (known == nullptr) return std::unexpected(weak_algorithm);
    // Uncompressed (SEC 1, 2.3.3), the only form that XML Signature has.
    if (point->size() != 1 + 2 * known->field_bytes || point->front() != 4) return std::unexpected(bad_key);
    const builder_ptr parts(OSSL_PARAM_BLD_new());
    if (parts == nullptr ||
        OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, known->name, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point->data(),
                                         point->size()) != 1)
        return std::unexpected(bad_key);
    return make_key("EC", parts.get());
}

checked<key_ptr> key_of_value(const xmlNode& key_value) {
    const auto* value = first_element(key_value);
    if (value == nullptr || next_element(*value) != nullptr) return std::unexpected(bad_key);
    if (is(*value, dsig, "RSAKeyValue")) return key_of_rsa_value(*value);
    if (is(*value, dsig11, "ECKeyValue")) return key_of_ec_value(*value);
    return std::unexpected(bad_key);
}

bool is_strong_rsa(const EVP_PKEY* key) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < min_rsa_bits || bits > max_rsa_bits) return false;
    BIGNUM* exponent = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return false;
    const number_ptr owned(exponent);
    return BN_num_bits(exponent) <= max_exponent_bits && BN_is_odd(exponent) && !BN_is_one(exponent);
}

/// As OpenSSL names it; empty when the curve has no name.
std::string group_of(const EVP_PKEY* key) {
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) != 1) return {};
    return {name.data(), size};
}

bool is_known_curve(const EVP_PKEY* key) {
    const auto name = group_of(key);
    return std::ranges::any_of(curves, [&name](const curve& known) { return name == known.name; });
}

}  // namespace

bool is_strong(const EVP_PKEY* key) {
    if (key == nullptr) return false;
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA: return is_strong_rsa(key);
        case EVP_PKEY_EC: return is_known_curve(key);
        default: return false;
    }
}

checked<key_ptr> key_in(const xmlNode& key_info) {
    const xmlNode* only = nullptr;
    for (auto* node = first_element(key_info); node != nullptr; node = next_in_tree(node, &key_info)) {
        if (!is(*node, dsig, "X509Certificate") && !is(*node, dsig, "KeyValue")) continue;
        if (only != nullptr) return std::unexpected(bad_key);
        only = node;
    }
    if (only == nullptr) return std::unexpected(bad_key);
    auto key = is(*only, dsig, "KeyValue") ? key_of_value(*only) : key_of_certificate(*only);
    if (!key) return key;
    if (*key == nullptr) return std::unexpected(bad_key);
    if (!is_strong(key->get())) return std::unexpected(weak_algorithm);
    return key;
}

std::string text_of_key(const EVP_PKEY& key) {
    const bool rsa = EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA;
    std::string out = rsa ? "RSA" : group_of(&key);
    for (const char* name : rsa ? std::array{OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E}
                                : std::array{OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y}) {
        BIGNUM* number = nullptr;
        if (EVP_PKEY_get_bn_param(&key, name, &number) != 1) std::abort();  // out of memory
        const number_ptr owned(number);
        std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
        BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
        out += " " + std::to_string(bytes.size()) + ":" + bytes;
    }
    return out;
}

}  // namespace garde::caller
