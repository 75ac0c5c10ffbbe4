// See identity.hpp.
#include "garde/caller/identity.hpp"

#include "garde/base/hash.hpp"

#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace garde::caller {
namespace {

constexpr std::size_t pseudonym_bytes = 6;

void append_part(std::string& out, std::string_view part) {
    out += std::to_string(part.size());
    out += ':';
    out += part;
}

std::string canonical_text(const std::string& issuer, const std::string& subject,
                           const std::vector<std::string>& alternative_names) {
    std::string out;
    append_part(out, issuer);
    append_part(out, subject);
    for (const auto& name : alternative_names) append_part(out, name);
    return out;
}

/// Begins with a letter, where a certificate's begins with a length.
std::string canonical_text(const asserted_name& name) {
    std::string out = "assertion:";
    for (const auto* part : {&name.issuer, &name.subject, &name.format, &name.qualifier})
        append_part(out, *part);
    return out;
}

std::string rfc2253_text(const X509_NAME* name) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    if (!memory || X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

/// Kinds that do not name a caller (IP addresses, directory names, …) are left out.
std::string alternative_name_text(const GENERAL_NAME* name) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(name, &type);
    std::string_view prefix;
    switch (type) {
        case GEN_DNS: prefix = "DNS:"; break;
        case GEN_URI: prefix = "URI:"; break;
        case GEN_EMAIL: prefix = "email:"; break;
        default: return {};
    }
    const auto* text = static_cast<const ASN1_IA5STRING*>(value);
    // By length, not up to the first NUL: a name with a NUL inside must not pass for the shorter one.
    std::string out(prefix);
    out.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<std::size_t>(ASN1_STRING_length(text)));
    return out;
}

std::vector<std::string> alternative_names_of(const X509* certificate) {
    const auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
    const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
        free_names);
    std::vector<std::string> out;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto text = alternative_name_text(sk_GENERAL_NAME_value(names.get(), i));
        if (!text.empty()) out.push_back(std::move(text));
    }
    return out;
}

}  // namespace

const identity::facts identity::nothing;

identity::identity(std::string issuer, std::string subject, std::vector<std::string> alternative_names) {
    facts out{.issuer = std::move(issuer),
              .subject = std::move(subject),
              .alternative_names = std::move(alternative_names),
              .attributes = {},
              .canonical = {}};
    std::ranges::sort(out.alternative_names);
    if (!out.subject.empty() || !out.alternative_names.empty()) {
        out.kind = identity_kind::certificate;
        out.canonical = canonical_text(out.issuer, out.subject, out.alternative_names);
    }
    *this = identity(std::move(out));
}

identity::identity(asserted_name name, std::vector<asserted_attribute> attributes) {
    facts out;
    if (!name.subject.empty()) {
        out.kind = identity_kind::assertion;
        out.canonical = canonical_text(name);
    }
    out.issuer = std::move(name.issuer);
    out.subject = std::move(name.subject);
    out.attributes = std::move(attributes);
    *this = identity(std::move(out));
}

std::string identity::pseudonym() const {
    if (!verified()) return "unverified";
    static const std::string key = random_bytes(32);
    const auto digest = hmac_sha256(key, canonical());
    return to_hex(std::span(digest).first(pseudonym_bytes));
}

void identity::go_by(std::string_view name) {
    facts out = said();
    out.canonical = "named:";
    append_part(out.canonical, name);
    *this = identity(std::move(out));
}

identity from_certificate(const X509* certificate) {
    if (certificate == nullptr) return {};
    return {rfc2253_text(X509_get_issuer_name(certificate)), rfc2253_text(X509_get_subject_name(certificate)),
            alternative_names_of(certificate)};
}

}  // namespace garde::caller
