// See jwk.hpp.
#include "jwk.hpp"

#include "garde/base/hash.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace garde::emergency {
namespace {

namespace json = boost::json;

constexpr int coordinate_bytes = 32;
constexpr const char* curve_of_openssl = "prime256v1";

struct bignum_deleter {
    void operator()(BIGNUM* what) const noexcept { BN_free(what); }
};
struct builder_deleter {
    void operator()(OSSL_PARAM_BLD* what) const noexcept { OSSL_PARAM_BLD_free(what); }
};
struct parameters_deleter {
    void operator()(OSSL_PARAM* what) const noexcept { OSSL_PARAM_free(what); }
};
struct context_deleter {
    void operator()(EVP_PKEY_CTX* what) const noexcept { EVP_PKEY_CTX_free(what); }
};

/// In base64url; empty when OpenSSL does not give it.
std::string coordinate(EVP_PKEY* key, const char* name) {
    BIGNUM* read = nullptr;
    const bool known = EVP_PKEY_get_bn_param(key, name, &read) == 1;
    const std::unique_ptr<BIGNUM, bignum_deleter> value(read);
    std::string bytes(coordinate_bytes, '\0');
    if (!known || BN_bn2binpad(value.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                               coordinate_bytes) != coordinate_bytes)
        return {};
    return to_base64url(bytes);
}

std::string_view text_of(const json::object& in, const char* name) {
    const auto* value = in.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

result<std::string> coordinate_of(const json::object& jwk, const char* name) {
    auto bytes = from_base64url(text_of(jwk, name));
    if (!bytes || bytes->size() != coordinate_bytes)
        return fail(fmt::format("a key's \"{}\" is not 32 bytes in base64url", name));
    return *std::move(bytes);
}

/// An uncompressed point (SEC 1, 2.3.3); null when it is not on the curve.
key_ptr key_of_point(const std::string& point) {
    const std::unique_ptr<OSSL_PARAM_BLD, builder_deleter> builder(OSSL_PARAM_BLD_new());
    const std::unique_ptr<EVP_PKEY_CTX, context_deleter> context(
        EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    if (!builder || !context ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve_of_openssl, 0) !=
            1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    const std::unique_ptr<OSSL_PARAM, parameters_deleter> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    EVP_PKEY* made = nullptr;
    if (!parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        ERR_clear_error();
    return key_ptr(made);
}

}  // namespace

json::object to_jwk(EVP_PKEY* key) {
    return {{"kty", "EC"},
            {"crv", "P-256"},
            {"x", coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X)},
            {"y", coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y)},
            {"kid", key_id(key)},
            {"use", "sig"},
            {"alg", "ES256"}};
}

result<key_ptr> from_jwk(const json::object& jwk) {
    if (text_of(jwk, "kty") != "EC" || text_of(jwk, "crv") != "P-256")
        return fail("a key is not of the type \"EC\" on the curve \"P-256\"");
    const auto x = coordinate_of(jwk, "x");
    if (!x) return std::unexpected(x.error());
    const auto y = coordinate_of(jwk, "y");
    if (!y) return std::unexpected(y.error());
    auto key = key_of_point('\x04' + *x + *y);
    if (!key) return fail("a key's \"x\" and \"y\" are no point on its curve");
    return key;
}

}  // namespace garde::emergency
