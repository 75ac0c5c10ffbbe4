// See signature.hpp.
#include "signature.hpp"

#include "rsa_methods.hpp"
#include "signing_key.hpp"
#include "subtree_c14n.hpp"

#include <libxml/parser.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>
#include <xmlsec/buffer.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

namespace garde::caller {
namespace {

using context_ptr =
    std::unique_ptr<xmlSecDSigCtx, decltype([](xmlSecDSigCtx* value) { xmlSecDSigCtxDestroy(value); })>;

/// Those that stand in for xmlsec1's.
std::vector<xmlSecTransformId> own_transforms() {
    const auto rsa = rsa_methods();
    std::vector<xmlSecTransformId> out(rsa.begin(), rsa.end());
    out.push_back(subtree_c14n());
    return out;
}

/// xmlsec1 would write to standard error, quoting the message.
void say_nothing(const char*, int, const char*, const char*, const char*, int, const char*) {}

/// Ends the process when the library cannot be had: it would be another one than garde was built with.
void initialise_once() {
    static const bool done = [] {
        xmlInitParser();
        if (xmlSecInit() < 0) return false;
        xmlSecErrorsSetCallback(say_nothing);
        xmlSecIOCleanupCallbacks();  // nothing by which it could open anything
        // It takes the first of a name.
        const auto own = own_transforms();
        xmlSecPtrListEmpty(xmlSecTransformIdsGet());
        for (const auto transform : own)
            if (xmlSecTransformIdsRegister(transform) < 0) return false;
        return xmlSecTransformIdsRegisterDefault() >= 0 && xmlSecOpenSSLInit() >= 0;
    }();
    if (!done) std::abort();
}

/// What SignedInfo and its references may use, once more. Nothing else is enabled where a list is not empty.
bool allow_only_what_is_allowed(xmlSecDSigCtx& context) {
    context.enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
    static const auto for_signed_info = [] {
        auto out = own_transforms();
        out.insert(out.end(), {xmlSecTransformInclC14NId, xmlSecOpenSSLTransformEcdsaSha256Id,
                               xmlSecOpenSSLTransformEcdsaSha384Id});
        return out;
    }();
    static const std::array for_references{xmlSecTransformEnvelopedId, subtree_c14n(),
                                           xmlSecOpenSSLTransformSha256Id, xmlSecOpenSSLTransformSha384Id,
                                           xmlSecOpenSSLTransformSha512Id};
    for (const auto transform : for_signed_info)
        if (xmlSecDSigCtxEnableSignatureTransform(&context, transform) < 0) return false;
    for (const auto transform : for_references)
        if (xmlSecDSigCtxEnableReferenceTransform(&context, transform) < 0) return false;
    return true;
}

}  // namespace

verification_key::verification_key(key_ptr key) : text_(text_of_key(*key)) {
    initialise_once();
    xmlSecKeyData* data = xmlSecOpenSSLEvpKeyAdopt(key.release());
    if (data == nullptr) std::abort();  // out of memory: of strong keys it knows all kinds
    key_.reset(xmlSecKeyCreate());
    if (key_ == nullptr || xmlSecKeySetValue(key_.get(), data) < 0) std::abort();
}

std::optional<std::string> verify_signature(xmlNode& signature, const verification_key& key,
                                            std::size_t references) {
    const context_ptr context(xmlSecDSigCtxCreate(nullptr));
    if (context == nullptr || !allow_only_what_is_allowed(*context)) return std::nullopt;
    // Ids by the document's own table instead of an XPointer expression that is made of them.
    context->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNATURE | XMLSEC_DSIG_FLAGS_USE_VISA3D_HACK;
    // With a key in hand it does not even look at the KeyInfo.
    context->signKey = xmlSecKeyDuplicate(key.key_.get());
    if (context->signKey == nullptr || xmlSecDSigCtxVerify(context.get(), &signature) < 0 ||
        context->status != xmlSecDSigStatusSucceeded ||
        xmlSecPtrListGetSize(&context->signedInfoReferences) != references)
        return std::nullopt;
    const auto* signed_bytes = xmlSecDSigCtxGetPreSignBuffer(context.get());
    if (signed_bytes == nullptr) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(signed_bytes->data), signed_bytes->size);
}

}  // namespace garde::caller
