// X.509 objects as they are read, and what revocation lists say of a certificate.
#include "garde/base/x509.hpp"

#include "garde/base/revocation.hpp"

#include "../support/authority.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde {
namespace {

using namespace std::chrono_literals;
using test::authority;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<revocation_list_ptr> lists_in(const std::string& pem) {
    auto out = parse_revocation_lists(pem);
    EXPECT_FALSE(out.empty());
    return out;
}

TEST(x509, all_certificates_of_a_text_are_read) {
    const authority a("A");
    const authority b("B");
    const auto both = parse_certificates("words\n" + a.pem() + "\nmore words\n" + b.pem());
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(name_text(X509_get_subject_name(both[1].get())), "CN=B");
    EXPECT_THAT(parse_certificates("none"), IsEmpty());
    EXPECT_THAT(parse_certificates(""), IsEmpty());
}

TEST(x509, names_are_those_of_the_extension_in_lower_case) {
    const authority a("A");
    const auto many = a.issue("cn.garde.test", "DNS:One.Garde.Test,DNS:*.garde.test,IP:127.0.0.1,URI:urn:x");
    EXPECT_THAT(dns_names(many.certificate.get()), ElementsAre("one.garde.test", "*.garde.test"));
    EXPECT_THAT(dns_names(a.issue("cn.garde.test").certificate.get()), IsEmpty());
}

TEST(x509, a_period_has_both_its_ends) {
    const authority a("A");
    const auto now = test::wall_seconds();
    const auto brief = a.issue("brief", "", {-10s, 10s});
    const auto begin = *to_time(X509_get0_notBefore(brief.certificate.get()));
    const auto end = *to_time(X509_get0_notAfter(brief.certificate.get()));
    EXPECT_TRUE(is_valid_at(brief.certificate.get(), now));
    EXPECT_TRUE(is_valid_at(brief.certificate.get(), begin));
    EXPECT_TRUE(is_valid_at(brief.certificate.get(), end));
    EXPECT_FALSE(is_valid_at(brief.certificate.get(), begin - 1s));
    EXPECT_FALSE(is_valid_at(brief.certificate.get(), end + 1s));
}

TEST(x509, times_of_any_century_are_read_and_none_is_nothing) {
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> far(ASN1_TIME_new(), ASN1_TIME_free);
    ASN1_TIME_set_string(far.get(), "99991231235959Z");
    EXPECT_EQ(date_text(to_time(far.get()).value()), "9999-12-31");
    EXPECT_FALSE(to_time(nullptr));
}

TEST(revocation, a_certificate_is_revoked_by_its_issuers_list_only) {
    const authority a("A");
    const authority b("B");
    const auto good = a.issue("good");
    const auto bad = a.issue("bad");
    EXPECT_TRUE(is_revoked(bad.certificate.get(), lists_in(a.revocation_list({bad.certificate.get()}))));
    EXPECT_FALSE(is_revoked(good.certificate.get(), lists_in(a.revocation_list({bad.certificate.get()}))));
    // The same number from another authority is another certificate, and A has no list here.
    EXPECT_TRUE(is_revoked(good.certificate.get(), lists_in(b.revocation_list({bad.certificate.get()}))));
    EXPECT_FALSE(is_revoked(bad.certificate.get(),
                            lists_in(a.revocation_list({}) + b.revocation_list({bad.certificate.get()}))));
}

TEST(revocation, a_list_ends_with_its_period) {
    const authority a("A");
    std::vector<certificate_ptr> trusted = parse_certificates(a.pem());
    const auto list = lists_in(a.revocation_list({}, {-1h, 1h}));
    const auto end = next_update(list.front().get());
    EXPECT_FALSE(check_expiry(list.front().get(), end - 1s));
    EXPECT_TRUE(check_expiry(list.front().get(), end));
    EXPECT_FALSE(check_revocation_list(list.front().get(), trusted, end)) << "what it revoked stays so";
}

}  // namespace
}  // namespace garde
