// Callers under a name of their own: old and new certificates, certificates and assertions.
#include "garde/caller/directory.hpp"

#include <gtest/gtest.h>

namespace garde::caller {
namespace {

named_caller named(std::string name, std::initializer_list<std::string_view> known_as) {
    named_caller out{.name = std::move(name), .known_as = {}, .limits = {}};
    for (const auto text : known_as) out.known_as.push_back(pattern::parse(text).value());
    return out;
}

const directory known({named("one", {"CN=old", "CN=new", "subject:one", "DNS:one.test"}),
                       named("two", {"CN=two"})});
const identity old_certificate("CN=a", "CN=old", {});
const identity new_certificate("CN=b", "CN=new", {});
const identity assertion(asserted_name{"urn:sts", "one", "", ""}, {{"urn:profile", "pharmacy"}});

TEST(directory, different_things_of_one_caller_are_the_same_caller) {
    const auto first = known.recognise(old_certificate);
    EXPECT_EQ(first, known.recognise(new_certificate));
    EXPECT_EQ(first, known.recognise(assertion));
    EXPECT_EQ(first, known.recognise(identity("CN=a", "CN=any", {"DNS:one.test"})));
    EXPECT_EQ(first.pseudonym(), known.recognise(assertion).pseudonym());
}

TEST(directory, different_callers_stay_different) {
    EXPECT_NE(known.recognise(old_certificate), known.recognise(identity("CN=a", "CN=two", {})));
    EXPECT_NE(known.recognise(old_certificate), known.recognise(identity("CN=a", "CN=three", {})));
}

TEST(directory, what_was_shown_stays_known) {
    const auto who = known.recognise(assertion);
    EXPECT_EQ(who.kind(), identity_kind::assertion);
    EXPECT_EQ(who.attributes(), assertion.attributes());
}

TEST(directory, whom_it_does_not_know_is_left_as_he_is) {
    const identity other("CN=a", "CN=other", {"DNS:other.test"});
    EXPECT_EQ(known.recognise(other).canonical(), other.canonical());
    EXPECT_EQ(directory().recognise(other).canonical(), other.canonical());
}

TEST(directory, the_unverified_get_no_name) {
    EXPECT_FALSE(known.recognise(identity()).verified());
    EXPECT_EQ(known.recognise(identity()).canonical(), "");
}

// A subject of an assertion is not the same text in a certificate: another authority stands behind it.
TEST(directory, a_certificate_is_not_known_by_an_assertions_name) {
    EXPECT_NE(known.recognise(identity("CN=a", "one", {})), known.recognise(assertion));
    EXPECT_NE(known.recognise(identity(asserted_name{"urn:sts", "CN=old", "", ""}, {})),
              known.recognise(old_certificate));
}

TEST(directory, a_name_is_nobodys_canonical_text) {
    EXPECT_NE(known.recognise(old_certificate).canonical(), identity("", "named:3:one", {}).canonical());
}

}  // namespace
}  // namespace garde::caller
