// Who asks: identities from certificates made in memory.
#include "garde/caller/identity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace garde::caller {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

struct deleter {
    void operator()(X509* value) const { X509_free(value); }
    void operator()(X509_EXTENSION* value) const { X509_EXTENSION_free(value); }
    void operator()(EVP_PKEY* value) const { EVP_PKEY_free(value); }
};
using certificate_ptr = std::unique_ptr<X509, deleter>;

struct name_part {
    const char* field;
    const char* value;
};

struct certificate_plan {
    std::vector<name_part> issuer;
    std::vector<name_part> subject;
    std::string alternative_names;  ///< as in an OpenSSL configuration; none when empty
};

void fill(X509_NAME* name, const std::vector<name_part>& parts) {
    for (const auto& [field, value] : parts)
        X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value),
                                   -1, -1, 0);
}

/// Each call makes a new key, so that two calls give certificates with different fingerprints.
certificate_ptr make(const certificate_plan& plan) {
    certificate_ptr out(X509_new());
    const std::unique_ptr<EVP_PKEY, deleter> key(EVP_EC_gen("P-256"));
    X509_set_version(out.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(out.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(out.get()), 3600);
    X509_set_pubkey(out.get(), key.get());
    fill(X509_get_issuer_name(out.get()), plan.issuer);
    fill(X509_get_subject_name(out.get()), plan.subject);
    if (!plan.alternative_names.empty()) {
        const std::unique_ptr<X509_EXTENSION, deleter> extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, plan.alternative_names.c_str()));
        X509_add_ext(out.get(), extension.get(), -1);
    }
    X509_sign(out.get(), key.get(), EVP_sha256());
    return out;
}

const certificate_plan pharmacy{
    {{"CN", "Test CA"}},
    {{"C", "BE"}, {"O", "Invented Pharmacy"}, {"CN", "Pharmacy One"}},
    "URI:urn:garde:test:1,email:one@pharmacy.test,DNS:one.pharmacy.test,IP:192.0.2.1"};

TEST(identity, no_certificate_is_unverified) {
    const auto who = from_certificate(nullptr);
    EXPECT_FALSE(who.verified());
    EXPECT_EQ(who.canonical(), "");
    EXPECT_EQ(who.pseudonym(), "unverified");
}

TEST(identity, a_certificate_that_names_nobody_is_unverified) {
    EXPECT_FALSE(from_certificate(make({{{"CN", "Test CA"}}, {}, "IP:192.0.2.1"}).get()).verified());
}

TEST(identity, names_are_in_rfc_2253_form) {
    const auto who = from_certificate(make(pharmacy).get());
    EXPECT_EQ(who.issuer(), "CN=Test CA");
    EXPECT_EQ(who.subject(), "CN=Pharmacy One,O=Invented Pharmacy,C=BE");
}

TEST(identity, a_comma_inside_a_name_is_escaped) {
    const auto who = from_certificate(make({{}, {{"O", "One, Two"}}, ""}).get());
    EXPECT_EQ(who.subject(), "O=One\\, Two");
}

TEST(identity, alternative_names_that_name_a_caller_are_kept_in_order) {
    EXPECT_THAT(from_certificate(make(pharmacy).get()).alternative_names(),
                ElementsAre("DNS:one.pharmacy.test", "URI:urn:garde:test:1", "email:one@pharmacy.test"));
}

TEST(identity, an_alternative_name_alone_is_enough) {
    const auto who = from_certificate(make({{}, {}, "URI:urn:garde:test:1"}).get());
    EXPECT_TRUE(who.verified());
    EXPECT_TRUE(who.matches("URI:urn:garde:test:1"));
}

TEST(identity, a_renewed_certificate_is_the_same_caller) {
    const auto before = from_certificate(make(pharmacy).get());
    const auto after = from_certificate(make(pharmacy).get());
    EXPECT_EQ(before, after);
    EXPECT_EQ(before.pseudonym(), after.pseudonym());
}

TEST(identity, another_issuer_is_another_caller) {
    auto forged = pharmacy;
    forged.issuer = {{"CN", "Other CA"}};
    EXPECT_NE(from_certificate(make(pharmacy).get()), from_certificate(make(forged).get()));
}

TEST(identity, canonical_text_keeps_the_parts_apart) {
    EXPECT_NE(identity("CN=a", "CN=bc", {}).canonical(), identity("CN=aC", "N=bc", {}).canonical());
    EXPECT_NE(identity("", "CN=a", {"DNS:bDNS:c"}).canonical(),
              identity("", "CN=a", {"DNS:b", "DNS:c"}).canonical());
}

TEST(identity, order_of_alternative_names_does_not_matter) {
    EXPECT_EQ(identity("CN=i", "CN=s", {"DNS:b", "DNS:a"}), identity("CN=i", "CN=s", {"DNS:a", "DNS:b"}));
}

TEST(identity, an_issuer_alone_names_nobody) {
    const identity who("CN=i", "", {});
    EXPECT_FALSE(who.verified());
    EXPECT_EQ(who.canonical(), "");
}

TEST(identity, pseudonym_is_short_and_tells_callers_apart) {
    const identity one("CN=i", "CN=one", {});
    const identity two("CN=i", "CN=two", {});
    EXPECT_THAT(one.pseudonym(), MatchesRegex("[0-9a-f]{12}"));
    EXPECT_NE(one.pseudonym(), two.pseudonym());
}

TEST(identity, matches_subject_alternative_name_or_star) {
    const identity who("CN=i", "CN=one", {"DNS:one.test"});
    EXPECT_TRUE(who.matches("*"));
    EXPECT_TRUE(who.matches("CN=one"));
    EXPECT_TRUE(who.matches("DNS:one.test"));
}

TEST(identity, matches_nothing_else) {
    const identity who("CN=i", "CN=one", {"DNS:one.test"});
    EXPECT_FALSE(who.matches("CN=i"));
    EXPECT_FALSE(who.matches("one.test"));
    EXPECT_FALSE(who.matches("CN=on"));
    EXPECT_FALSE(who.matches(""));
}

TEST(identity, unverified_matches_not_even_star) {
    EXPECT_FALSE(identity().matches("*"));
}

TEST(identity, a_name_with_a_nul_inside_is_not_the_shorter_name) {
    const std::string forged("URI:urn:garde:test:1\0.evil", 26);
    EXPECT_FALSE(identity("CN=i", "CN=one", {forged}).matches("URI:urn:garde:test:1"));
}

}  // namespace
}  // namespace garde::caller
