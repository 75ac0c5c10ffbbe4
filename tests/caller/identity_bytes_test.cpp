// Identities that are kept: what comes back is who was kept, and nobody else.
#include "garde/caller/identity.hpp"

#include <gtest/gtest.h>

namespace garde::caller {
namespace {

void expect_back(const identity& who) {
    const auto back = identity::from_bytes(who.to_bytes());
    EXPECT_EQ(back, who);
    EXPECT_EQ(back.kind(), who.kind());
    EXPECT_EQ(back.issuer(), who.issuer());
    EXPECT_EQ(back.subject(), who.subject());
    EXPECT_EQ(back.alternative_names(), who.alternative_names());
    EXPECT_TRUE(back.attributes().empty()) << "the next assertion may say something else";
}

TEST(identity_bytes, certificates_and_assertions_come_back) {
    expect_back({"CN=ca", "CN=one", {}});
    expect_back({"CN=ca", "", {"URI:urn:x", "DNS:one.test"}});
    expect_back({asserted_name{"urn:sts", "one", "urn:format", "qualifier"}, {{"name", "value"}}});
    identity named("CN=ca", "CN=one", {});
    named.go_by("pharmacy");
    expect_back(named);
    EXPECT_EQ(identity::from_bytes(named.to_bytes()).subject(), "CN=one");
}

TEST(identity_bytes, what_is_cut_off_or_something_else_is_nobody) {
    const auto whole = identity("CN=ca", "CN=one", {"DNS:one.test"}).to_bytes();
    const auto without_names = identity("CN=ca", "CN=one", {}).to_bytes().size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto back = identity::from_bytes(whole.substr(0, size));
        // Names are a list without a count: cut between two of them it is a shorter one, under the same seal
        // never.
        if (size < without_names) {
            EXPECT_FALSE(back.verified()) << size;
        }
    }
    EXPECT_FALSE(identity::from_bytes(identity().to_bytes()).verified());
    EXPECT_FALSE(identity::from_bytes("\x07" + whole.substr(1)).verified());
}

}  // namespace
}  // namespace garde::caller
