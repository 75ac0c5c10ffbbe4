// See rsa_pss.hpp. xmlsec1 keeps a transform in plain memory of the size that its class asks for and calls it
// through function pointers; a transform of signature takes octets and says at the end whether the signature
// over them holds.
#include "rsa_pss.hpp"

#include "names.hpp"
#include "xml_tree.hpp"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <cstddef>
#include <xmlsec/buffer.h>
#include <xmlsec/keys.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmlsec.h>

namespace garde::caller {
namespace {

struct pss_transform {
    xmlSecTransform base;
    EVP_MD_CTX* digest;
};

struct pss_method {
    const char* name;
    const char* uri;
    const EVP_MD* (*digest)();
};
constexpr std::array methods{
    pss_method{"rsa-pss-sha256", "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", EVP_sha256},
    pss_method{"rsa-pss-sha384", "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", EVP_sha384},
    pss_method{"rsa-pss-sha512", "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", EVP_sha512},
};

pss_transform& of(xmlSecTransform* transform) {
    return *reinterpret_cast<pss_transform*>(transform);
}

const EVP_MD* digest_of(const xmlSecTransform* transform) {
    for (const auto& method : methods)
        if (view(transform->id->href) == method.uri) return method.digest();
    return nullptr;
}

int initialise(xmlSecTransform* transform) {
    of(transform).digest = EVP_MD_CTX_new();
    return of(transform).digest == nullptr ? -1 : 0;
}

void finalise(xmlSecTransform* transform) {
    EVP_MD_CTX_free(of(transform).digest);
    of(transform).digest = nullptr;
}

int set_key_requirements(xmlSecTransform*, xmlSecKeyReq* wanted) {
    wanted->keyId = xmlSecOpenSSLKeyDataRsaId;
    wanted->keyType = xmlSecKeyDataTypePublic;
    wanted->keyUsage = xmlSecKeyUsageVerify;
    return 0;
}

/// The salt is as long as the digest (RFC 9231, 2.3.10).
int set_key(xmlSecTransform* transform, xmlSecKey* key) {
    EVP_PKEY* public_key = xmlSecOpenSSLKeyDataRsaGetEvp(xmlSecKeyGetValue(key));
    const EVP_MD* digest = digest_of(transform);
    EVP_PKEY_CTX* context = nullptr;
    if (public_key == nullptr || digest == nullptr ||
        EVP_DigestVerifyInit(of(transform).digest, &context, digest, nullptr, public_key) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) != 1 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) != 1)
        return -1;
    return 0;
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

xmlSecTransformKlass klass_of(const pss_method& method) {
    return {.klassSize = sizeof(xmlSecTransformKlass),
            .objSize = sizeof(pss_transform),
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

std::array<xmlSecTransformId, 3> rsa_pss_methods() {
    static const std::array klasses{klass_of(methods[0]), klass_of(methods[1]), klass_of(methods[2])};
    return {klasses.data(), klasses.data() + 1, klasses.data() + 2};
}

}  // namespace garde::caller
