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
    EXPECT_THAT(who.alternative_names(), ElementsAre("URI:urn:garde:test:1"));
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

const asserted_name asserted{"urn:test:sts", "CN=one", "urn:test:format", "CN=register"};

TEST(identity, says_what_it_was_known_by) {
    EXPECT_EQ(identity().kind(), identity_kind::unverified);
    EXPECT_EQ(identity("CN=i", "CN=one", {}).kind(), identity_kind::certificate);
    EXPECT_EQ(identity(asserted, {}).kind(), identity_kind::assertion);
}

TEST(identity, an_assertions_names_and_attributes_are_kept) {
    const identity who(asserted, {{"role", "pharmacist"}, {"role", "owner"}});
    EXPECT_EQ(who.issuer(), "urn:test:sts");
    EXPECT_EQ(who.subject(), "CN=one");
    EXPECT_THAT(who.attributes(),
                ElementsAre(asserted_attribute{"role", "pharmacist"}, asserted_attribute{"role", "owner"}));
}

TEST(identity, an_assertion_is_never_the_certificate_of_the_same_names) {
    EXPECT_NE(identity({"CN=i", "CN=one", "", ""}, {}), identity("CN=i", "CN=one", {}));
    EXPECT_NE(identity({"CN=i", "CN=one", "a", ""}, {}), identity("CN=i", "CN=one", {"a", ""}));
}

TEST(identity, each_part_of_an_assertions_name_makes_another_caller) {
    for (const auto part : {&asserted_name::issuer, &asserted_name::subject, &asserted_name::format,
                            &asserted_name::qualifier}) {
        auto other = asserted;
        other.*part += "x";
        EXPECT_NE(identity(asserted, {}), identity(other, {})) << other.*part;
    }
}

TEST(identity, attributes_do_not_make_another_caller) {
    EXPECT_EQ(identity(asserted, {{"a", "1"}}), identity(asserted, {{"a", "2"}}));
}

TEST(identity, an_assertion_without_a_subject_is_unverified) {
    const identity who({"urn:test:sts", "", "urn:test:format", "CN=register"}, {{"a", "1"}});
    EXPECT_FALSE(who.verified());
    EXPECT_EQ(who.canonical(), "");
}

}  // namespace
}  // namespace garde::caller
