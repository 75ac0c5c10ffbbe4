// How callers are named in the configuration: what each form matches, and what it must not.
#include "garde/caller/pattern.hpp"

#include <gtest/gtest.h>

#include <string>

namespace garde::caller {
namespace {

const identity by_certificate("CN=Example CA,C=BE", "CN=one,O=Pharmacy",
                              {"DNS:one.pharmacy.test", "URI:urn:test:1"});
const identity by_assertion(asserted_name{"urn:test:sts", "CN=one,O=Pharmacy", "", ""},
                            {{"urn:test:profile", "pharmacy"}, {"urn:test:nihii", "00000101"}});

bool matches(std::string_view text, const identity& who) {
    const auto read = pattern::parse(text);
    EXPECT_TRUE(read) << text;
    return read && read->matches(who);
}

struct verdict {
    std::string_view text;
    bool certificate;
    bool assertion;
};

class forms : public testing::TestWithParam<verdict> {};

INSTANTIATE_TEST_SUITE_P(
    pattern, forms,
    testing::Values(
        verdict{"*", true, true},                                                    //
        verdict{"CN=one,O=Pharmacy", true, false}, verdict{"CN=one", false, false},  //
        verdict{"CN=Example CA,C=BE", false, false}, verdict{"DNS:one.pharmacy.test", true, false},
        verdict{"DNS:*.pharmacy.test", true, false}, verdict{"DNS:one.*.test", true, false},
        verdict{"DNS:*.test", false, false}, verdict{"DNS:one.pharmacy.tes", false, false},
        verdict{"URI:urn:*", true, false},  //
        verdict{"URI:urn:test:1*", false, false}, verdict{"CA:CN=Example CA,C=BE", true, false},
        verdict{"CA:CN=one,O=Pharmacy", false, false}, verdict{"subject:CN=one,O=Pharmacy", false, true},
        verdict{"issuer:urn:test:sts", false, true}, verdict{"issuer:CN=Example CA,C=BE", false, false},
        verdict{"attribute:urn:test:profile=pharmacy", false, true},
        verdict{"attribute:urn:test:profile=*", false, true},
        verdict{"attribute:urn:test:nihii=0000*", false, true},
        verdict{"attribute:urn:test:profile=00000101", false, false},
        verdict{"attribute:profile=pharmacy", false, false}));

TEST_P(forms, match_whom_they_name) {
    const auto& [text, certificate, assertion] = GetParam();
    EXPECT_EQ(matches(text, by_certificate), certificate) << text;
    EXPECT_EQ(matches(text, by_assertion), assertion) << text;
    EXPECT_FALSE(matches(text, identity())) << text << ": the unverified are nobody";
    const auto read = *pattern::parse(text);
    EXPECT_GE(read.by_certificate(), certificate) << text;
    EXPECT_GE(read.by_assertion(), assertion) << text;
    EXPECT_EQ(read.text(), text);
}

class no_forms : public testing::TestWithParam<std::string_view> {};

INSTANTIATE_TEST_SUITE_P(pattern, no_forms,
                         testing::Values("", "one", "pharmacy.test", "=one", "DNS:", "URI:", "email:", "CA:",
                                         "CA:one", "subject:", "issuer:", "**", "DNS:*.*.test", "CN=*",
                                         "CA:CN=*", "issuer:*", "subject:*", "attribute:", "attribute:name",
                                         "attribute:=value", "attribute:name=", "attribute:na*me=value"));

TEST_P(no_forms, are_told_from_forms) {
    EXPECT_FALSE(pattern::parse(GetParam())) << GetParam();
}

TEST(pattern, a_name_with_a_nul_inside_is_not_the_shorter_name) {
    const std::string forged("URI:urn:test:1\0.evil", 20);
    EXPECT_FALSE(matches("URI:urn:test:1", identity("CN=i", "CN=x", {forged})));
}

TEST(pattern, what_may_name_several_is_wide) {
    for (const auto* text : {"*", "CA:CN=a", "issuer:a", "attribute:a=b", "DNS:*.test"})
        EXPECT_TRUE(pattern::parse(text)->is_wide()) << text;
    for (const auto* text : {"CN=a", "DNS:a.test", "URI:a", "email:a@b", "subject:a"})
        EXPECT_FALSE(pattern::parse(text)->is_wide()) << text;
}

TEST(pattern, says_in_words_whom_it_names) {
    EXPECT_EQ(pattern::parse("CN=a")->in_words(), "the certificate CN=a");
    EXPECT_EQ(pattern::parse("CA:CN=a")->in_words(), "every certificate issued by CN=a");
    EXPECT_EQ(pattern::parse("DNS:*.a.test")->in_words(), "every certificate with a name like DNS:*.a.test");
    EXPECT_EQ(pattern::parse("attribute:a=b")->in_words(), "every assertion that says a=b");
}

}  // namespace
}  // namespace garde::caller
