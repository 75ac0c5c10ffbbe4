// See rsa_methods.hpp. xmlsec1 keeps a transform in plain memory of the size that its class asks for and
// calls it through function pointers; a transform of signature takes octets and says at the end whether the
// signature over them holds.
#include "rsa_methods.hpp"

#include "names.hpp"
#include "xml_tree.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <xmlsec/buffer.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmlsec.h>

namespace garde::caller {
namespace {

struct rsa_transform {
    xmlSecTransform base;
    EVP_MD_CTX* digest;
};

enum class padding : std::uint8_t { pkcs1, pss };

struct rsa_method {
    const char* name;
    const char* uri;
    const EVP_MD* (*digest)();
    padding how;
};
constexpr std::array methods{
    rsa_method{"rsa-sha256", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", EVP_sha256, padding::pkcs1},
    rsa_method{"rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", EVP_sha384, padding::pkcs1},
    rsa_method{"rsa-sha512", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", EVP_sha512, padding::pkcs1},
    rsa_method{"rsa-pss-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", EVP_sha256,
               padding::pss},
    rsa_method{"rsa-pss-sha384", "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", EVP_sha384,
               padding::pss},
    rsa_method{"rsa-pss-sha512", "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", EVP_sha512,
               padding::pss},
};

rsa_transform& of(xmlSecTransform* transform) {
    return *reinterpret_cast<rsa_transform*>(transform);
}

const rsa_method* method_of(const xmlSecTransform* transform) {
    const auto* found = std::ranges::find(methods, view(transform->id->href), &rsa_method::uri);
    return found == methods.end() ? nullptr : found;
}

int initialise(xmlSecTransform* transform) {
    of(transform).digest = EVP_MD_CTX_new();
    return of(transform).digest == nullptr ? -1 : 0;
}

void finalise(xmlSecTransform* transform) {
    EVP_MD_CTX_free(of(transform).digest);
    of(transform).digest = nullptr;
}

/// Of which kind the key must be goes without saying: whoever verifies has public ones only.
int set_key_requirements(xmlSecTransform*, xmlSecKeyReq* wanted) {
    wanted->keyId = xmlSecOpenSSLKeyDataRsaId;
    wanted->keyUsage = xmlSecKeyUsageVerify;
    return 0;
}

/// The salt is as long as the digest (RFC 9231, 2.3.10).
bool use_pss(EVP_PKEY_CTX* context, const EVP_MD* digest) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

int set_key(xmlSecTransform* transform, xmlSecKey* key) {
    EVP_PKEY* public_key = xmlSecOpenSSLKeyDataRsaGetEvp(xmlSecKeyGetValue(key));
    const auto* method = method_of(transform);
    if (public_key == nullptr || method == nullptr) return -1;
    EVP_PKEY_CTX* context = nullptr;
    if (EVP_DigestVerifyInit(of(transform).digest, &context, method->digest(), nullptr, public_key) != 1)
        return -1;
    const bool ready = method->how == padding::pss
                           ? use_pss(context, method->digest())
                           : EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    return ready ? 0 : -1;
}

/// Takes the octets that have come.
int execute(xmlSecTransform* transform, int last, xmlSecTransformCtx*) {
    if (transform->status == xmlSecTransformStatusNone) transform->status = xmlSecTransformStatusWorking;
    if (transform->status != xmlSecTransformStatusWorking) return 0;
    const auto size = xmlSecBufferGetSize(&transform->inBuf);
    if (size > 0 &&
        EVP_DigestVerifyUpdate(of(transform).digest, xmlSecBufferGetData(&transform->inBuf), size) != 1)
        return -1;
    if (xmlSecBufferRemoveHead(&transform->inBuf, size) < 0) return -1;
    if (last != 0) transform->status = xmlSecTransformStatusFinished;
    return 0;
}

int verify(xmlSecTransform* transform, const xmlSecByte* signature, xmlSecSize size, xmlSecTransformCtx*) {
    if (transform->status != xmlSecTransformStatusFinished) return -1;
    const bool holds = EVP_DigestVerifyFinal(of(transform).digest, signature, size) == 1;
    transform->status = holds ? xmlSecTransformStatusOk : xmlSecTransformStatusFail;
    return 0;
}

xmlSecTransformKlass klass_of(const rsa_method& method) {
    return {.klassSize = sizeof(xmlSecTransformKlass),
            .objSize = sizeof(rsa_transform),
            .name = xml_text(method.name),
            .href = xml_text(method.uri),
            .usage = xmlSecTransformUsageSignatureMethod,
            .initialize = initialise,
            .finalize = finalise,
            .readNode = nullptr,
            .writeNode = nullptr,
            .setKeyReq = set_key_requirements,
            .setKey = set_key,
            .verify = verify,
            .getDataType = xmlSecTransformDefaultGetDataType,
            .pushBin = xmlSecTransformDefaultPushBin,
            .popBin = xmlSecTransformDefaultPopBin,
            .pushXml = nullptr,
            .popXml = nullptr,
            .execute = execute,
            .reserved0 = nullptr,
            .reserved1 = nullptr};
}

}  // namespace

std::array<xmlSecTransformId, methods.size()> rsa_methods() {
    static const auto klasses = []<std::size_t... place>(std::index_sequence<place...>) {
        return std::array{klass_of(methods[place])...};
    }(std::make_index_sequence<methods.size()>());
    std::array<xmlSecTransformId, methods.size()> out{};
    std::ranges::transform(klasses, out.begin(), [](const auto& one) { return &one; });
    return out;
}

}  // namespace garde::caller
