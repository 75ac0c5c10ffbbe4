// See message_maker.hpp.
#include "message_maker.hpp"

#include "../../src/caller/signature.hpp"
#include "../support/canonical.hpp"
#include "../support/messages.hpp"

#include <libxml/parser.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>
#include <xmlsec/list.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/transforms.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

namespace garde::test {
namespace {

using document_ptr = std::unique_ptr<xmlDoc, decltype([](xmlDoc* value) { xmlFreeDoc(value); })>;
using buffer_ptr = std::unique_ptr<xmlBuffer, decltype([](xmlBuffer* value) { xmlBufferFree(value); })>;
using dsig_ptr =
    std::unique_ptr<xmlSecDSigCtx, decltype([](xmlSecDSigCtx* value) { xmlSecDSigCtxDestroy(value); })>;

constexpr std::string_view saml11 = "urn:oasis:names:tc:SAML:1.0:assertion";
constexpr std::string_view saml20 = "urn:oasis:names:tc:SAML:2.0:assertion";

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("the message maker cannot: ") + what);
}

const xmlChar* chars(std::string_view text) {
    return reinterpret_cast<const xmlChar*>(text.data());
}

key_ptr generate(const std::string& kind, unsigned bits) {
    key_ptr out(kind == "RSA" ? EVP_RSA_gen(bits) : EVP_EC_gen(kind.c_str()));
    must(out != nullptr, "make a key");
    return out;
}

signer certify(const std::string& name, key_ptr key, std::chrono::seconds from, std::chrono::seconds to) {
    static long serial = 1;
    signer out{std::move(key), certificate_ptr(X509_new())};
    X509* made = out.certificate.get();
    const auto base = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(message_time));
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
    ASN1_TIME_set(X509_getm_notBefore(made), base + from.count());
    ASN1_TIME_set(X509_getm_notAfter(made), base + to.count());
    X509_set_pubkey(made, out.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    must(X509_sign(made, out.key.get(), EVP_sha256()) > 0, "sign a certificate");
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                        chars(bytes), static_cast<int>(bytes.size()))));
    return out;
}

std::string method_for(const signer& by, const std::string& wanted) {
    if (!wanted.empty()) return wanted;
    return EVP_PKEY_get_base_id(by.key.get()) == EVP_PKEY_EC
               ? "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
               : "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
}

std::string reference_to(std::string_view id, bool enveloped) {
    std::string out = "<ds:Reference URI=\"#";
    out.append(id).append("\"><ds:Transforms>");
    if (enveloped)
        out += "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    return out +
           "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/></ds:Transforms>"
           "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>"
           "<ds:DigestValue></ds:DigestValue></ds:Reference>";
}

std::string signature_template(const std::string& method, const std::string& references,
                               const std::string& key_info) {
    return "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>"
           "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>"
           "<ds:SignatureMethod Algorithm=\"" +
           method + "\"/>" + references + "</ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>" +
           key_info + "</ds:Signature>";
}

std::string key_info_of(const signer& who) {
    return "<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>" +
           base64_certificate(who) + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>";
}

std::string period(const message_plan& plan) {
    return "NotBefore=\"" + to_rfc3339(plan.not_before) + "\" NotOnOrAfter=\"" +
           to_rfc3339(plan.not_on_or_after) + "\"";
}

std::string assertion_11(const message_plan& plan, const std::string& signature) {
    const std::string subject =
        "<saml:NameIdentifier Format=\"urn:test:format\" NameQualifier=\"CN=Register\">" + plan.subject +
        "</saml:NameIdentifier>";
    return "<saml:Assertion xmlns:saml=\"" + std::string(saml11) +
           "\" AssertionID=\"A-1\" IssueInstant=\"2026-03-02T08:00:00Z\" Issuer=\"urn:test:sts\" "
           "MajorVersion=\"1\" MinorVersion=\"1\"><saml:Conditions " +
           period(plan) +
           "/><saml:AuthenticationStatement AuthenticationInstant=\"2026-03-02T08:00:00Z\" "
           "AuthenticationMethod=\"urn:oasis:names:tc:SAML:1.0:am:X509-PKI\"><saml:Subject>" +
           subject +
           "<saml:SubjectConfirmation><saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:holder-of-key"
           "</saml:ConfirmationMethod>" +
           key_info_of(*plan.holder) +
           "</saml:SubjectConfirmation></saml:Subject></saml:AuthenticationStatement>"
           "<saml:AttributeStatement><saml:Subject>" +
           subject + "</saml:Subject><saml:Attribute AttributeName=\"" + std::string(provider_attribute) +
           "\" AttributeNamespace=\"urn:test\"><saml:AttributeValue>" + plan.provider +
           "</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>" + signature +
           "</saml:Assertion>";
}

std::string assertion_20(const message_plan& plan, const std::string& signature) {
    return "<saml:Assertion xmlns:saml=\"" + std::string(saml20) +
           "\" ID=\"A-1\" IssueInstant=\"2026-03-02T08:00:00Z\" Version=\"2.0\">"
           "<saml:Issuer>urn:test:sts</saml:Issuer>" +
           signature +
           "<saml:Subject><saml:NameID Format=\"urn:test:format\" NameQualifier=\"CN=Register\">" +
           plan.subject +
           "</saml:NameID><saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\">"
           "<saml:SubjectConfirmationData>" +
           key_info_of(*plan.holder) +
           "</saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions " +
           period(plan) + "/><saml:AttributeStatement><saml:Attribute Name=\"" +
           std::string(provider_attribute) + "\"><saml:AttributeValue>" + plan.provider +
           "</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>";
}

/// The consult of the fixture.
std::string payload() {
    const auto whole = fixture("consult-request.xml");
    const auto begin = whole.find("<p:GetInsurabilityForPharmacistRequest");
    const auto end = whole.find("</soapenv:Body>");
    must(begin < end && end != std::string::npos, "find the consult in the fixture");
    return whole.substr(begin, end - begin);
}

std::string envelope(const message_plan& plan, const std::string& assertion, const std::string& signature) {
    return "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header>"
           "<wsse:Security "
           "xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/"
           "oasis-200401-wss-wssecurity-secext-1.0.xsd\" "
           "xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/"
           "oasis-200401-wss-wssecurity-utility-1.0.xsd\"><wsu:Timestamp wsu:Id=\"T-1\"><wsu:Created>" +
           to_rfc3339(plan.created) + "</wsu:Created><wsu:Expires>" + to_rfc3339(plan.created + plan.life) +
           "</wsu:Expires></wsu:Timestamp>" + assertion + signature +
           "</wsse:Security></soap:Header><soap:Body "
           "xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/"
           "oasis-200401-wss-wssecurity-utility-1.0.xsd\" wsu:Id=\"B-1\">" +
           payload() + "</soap:Body></soap:Envelope>";
}

document_ptr parse(const std::string& text) {
    document_ptr out(xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, "UTF-8",
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
    must(out != nullptr, "read what it has made");
    return out;
}

std::string written(xmlDoc& document) {
    const buffer_ptr buffer(xmlBufferCreate());
    xmlNodeDump(buffer.get(), &document, xmlDocGetRootElement(&document), 0, 0);
    return reinterpret_cast<const char*>(xmlBufferContent(buffer.get()));
}

/// The last ds:Signature of a document: a message's own, as the assertion stands before it.
xmlNode* last_signature(xmlNode* from) {
    xmlNode* out = nullptr;
    for (auto* node = from; node != nullptr; node = node->next) {
        if (xmlSecCheckNodeName(node, xmlSecNodeSignature, xmlSecDSigNs) != 0) out = node;
        if (auto* inside = last_signature(node->children)) out = inside;
    }
    return out;
}

/// While it lives, xmlsec1 finds its own methods before garde's, which only verify: its list of them stands
/// the other way round.
class methods_of_xmlsec1 {
  public:
    methods_of_xmlsec1() { reverse(); }
    ~methods_of_xmlsec1() { reverse(); }
    methods_of_xmlsec1(const methods_of_xmlsec1&) = delete;
    methods_of_xmlsec1& operator=(const methods_of_xmlsec1&) = delete;

  private:
    static void reverse() {
        auto* list = xmlSecTransformIdsGet();
        const auto size = xmlSecPtrListGetSize(list);
        for (xmlSecSize i = 0; i < size / 2; ++i) {
            auto* one = xmlSecPtrListGetItem(list, i);
            xmlSecPtrListSet(list, xmlSecPtrListGetItem(list, size - 1 - i), i);
            xmlSecPtrListSet(list, one, size - 1 - i);
        }
    }
};

std::string sign(const std::string& text, const signer& by) {
    // Makes xmlsec1 ready, as the code under test has it.
    static const caller::verification_key first(
        key_ptr(X509_get_pubkey(shared_signer("Token Service").certificate.get())));
    const methods_of_xmlsec1 sign_by;
    const auto document = parse(text);
    static const xmlChar* names[] = {chars("Id"), chars("ID"), chars("AssertionID"), nullptr};
    xmlSecAddIDs(document.get(), xmlDocGetRootElement(document.get()), names);
    const dsig_ptr context(xmlSecDSigCtxCreate(nullptr));
    must(EVP_PKEY_up_ref(by.key.get()) == 1, "share a key");
    context->signKey = xmlSecKeyCreate();
    must(xmlSecKeySetValue(context->signKey, xmlSecOpenSSLEvpKeyAdopt(by.key.get())) >= 0, "take a key");
    auto* signature = last_signature(xmlDocGetRootElement(document.get()));
    must(signature != nullptr && xmlSecDSigCtxSign(context.get(), signature) >= 0, "sign");
    return written(*document);
}

}  // namespace

signer make_signer(const std::string& name, const std::string& kind, unsigned bits) {
    constexpr std::chrono::seconds half_a_year = std::chrono::hours{24 * 182};
    return certify(name, generate(kind, bits), -half_a_year, half_a_year);
}

signer make_signer_valid(const std::string& name, std::chrono::seconds from, std::chrono::seconds to) {
    return certify(name, generate("P-256", 0), from, to);
}

certificate_ptr renewed(const signer& of, std::chrono::seconds from, std::chrono::seconds to) {
    must(EVP_PKEY_up_ref(of.key.get()) == 1, "share a key");
    return certify("Service", key_ptr(of.key.get()), from, to).certificate;
}

const signer& shared_signer(const std::string& name, const std::string& kind) {
    static std::mutex mutex;
    static std::map<std::string, signer> made;
    const std::lock_guard lock(mutex);
    const auto key = name + "/" + kind;
    const auto known = made.find(key);
    if (known != made.end()) return known->second;
    auto one = kind.starts_with("RSA-")
                   ? make_signer(name, "RSA", static_cast<unsigned>(std::stoul(kind.substr(4))))
                   : make_signer(name, kind);
    return made.emplace(key, std::move(one)).first->second;
}

std::string base64_certificate(const signer& of) {
    return base64(der_of(of.certificate.get()));
}

certificate_ptr same_certificate(const signer& of) {
    X509_up_ref(of.certificate.get());
    return certificate_ptr(of.certificate.get());
}

std::string make_assertion(const message_plan& plan) {
    const auto signature =
        signature_template(method_for(*plan.issuer, plan.assertion_method), reference_to("A-1", true), "");
    auto text = plan.version == saml::v11 ? assertion_11(plan, signature) : assertion_20(plan, signature);
    if (plan.edit_assertion) text = plan.edit_assertion(std::move(text));
    return sign(text, *plan.issuer);
}

std::string make_message(const message_plan& plan) {
    const auto& sender = plan.sender == nullptr ? *plan.holder : *plan.sender;
    const auto signature = signature_template(
        method_for(sender, plan.message_method), reference_to("B-1", false) + reference_to("T-1", false),
        "<ds:KeyInfo><wsse:SecurityTokenReference><wsse:KeyIdentifier "
        "ValueType=\"http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID\">A-1"
        "</wsse:KeyIdentifier></wsse:SecurityTokenReference></ds:KeyInfo>");
    auto text = envelope(plan, make_assertion(plan), signature);
    if (plan.edit_message) text = plan.edit_message(std::move(text));
    return sign(text, sender);
}

std::string with_pss(std::string message, const signer& by, std::string_view method, const EVP_MD* digest) {
    const auto signature_at = message.rfind("<ds:Signature ");
    must(signature_at != std::string::npos, "find the message's signature");
    message = message.substr(0, signature_at) +
              with(message.substr(signature_at), "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", method);
    const auto document = parse(message);
    auto* signature = last_signature(xmlDocGetRootElement(document.get()));
    const auto bytes = canonical_form(*document, *signature->children);

    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* how = nullptr;
    must(EVP_DigestSignInit(context.get(), &how, digest, nullptr, by.key.get()) == 1 &&
             EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1,
         "prepare RSASSA-PSS");
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, chars(bytes), bytes.size());
    std::string value(size, '\0');
    must(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(value.data()), &size, chars(bytes),
                        bytes.size()) == 1,
         "sign by RSASSA-PSS");
    value.resize(size);
    return message.substr(0, signature_at) +
           with_section(message.substr(signature_at), "<ds:SignatureValue>", "</ds:SignatureValue>",
                        "<ds:SignatureValue>" + base64(value) + "</ds:SignatureValue>");
}

std::string with_other_ecdsa_value(std::string message) {
    constexpr int field = 32;
    const std::string_view tag = "<ds:SignatureValue>";
    const auto begin = message.rfind(tag) + tag.size();
    const auto end = message.find('<', begin);
    std::string packed = message.substr(begin, end - begin);
    std::erase(packed, '\n');
    std::string value(packed.size(), '\0');
    must(EVP_DecodeBlock(reinterpret_cast<unsigned char*>(value.data()), chars(packed),
                         static_cast<int>(packed.size())) >= 2 * field,
         "read an ECDSA value");
    value.resize(std::size_t{2} * field);
    const std::unique_ptr<EC_GROUP, decltype(&EC_GROUP_free)> group(
        EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1), EC_GROUP_free);
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> s(BN_bin2bn(chars(value) + field, field, nullptr),
                                                        BN_free);
    must(BN_sub(s.get(), EC_GROUP_get0_order(group.get()), s.get()) == 1 &&
             BN_bn2binpad(s.get(), reinterpret_cast<unsigned char*>(value.data()) + field, field) == field,
         "take the other value");
    return message.replace(begin, end - begin, base64(value));
}

std::shared_ptr<caller::assertion_rules> usual_rules() {
    auto out = std::make_shared<caller::assertion_rules>();
    out->issuers.push_back(same_certificate(shared_signer("Token Service")));
    out->provider_attributes.emplace_back(provider_attribute);
    return out;
}

}  // namespace garde::test
