// Several certificates on one listener: who asks for which name gets which.
#include "server_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::net {
namespace {

using namespace testing_support;
using testing::HasSubstr;

struct names : testing::TestWithParam<int> {
    names() {
        here.settings.sni = {
            {here.save("other", here.servers.issue("other", "DNS:other.test,DNS:Mixed.Test")), {}},
            {here.save("wild", here.servers.issue("wild", "DNS:*.wild.test,DNS:other.test")), {}}};
    }

    std::string shown_for(const std::string& name) {
        memory_pair pair(foreign_client(GetParam()).side(name), here.make().accept_side());
        EXPECT_TRUE(pair.shake_hands()) << name;
        return pair.shown();
    }

    server_setup here;
};

INSTANTIATE_TEST_SUITE_P(versions, names, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& info) { return info.param == TLS1_2_VERSION ? "tls1_2" : "tls1_3"; });

TEST_P(names, a_name_gets_its_certificate) {
    EXPECT_EQ(shown_for("garde.test"), "CN=default");
    EXPECT_EQ(shown_for("other.test"), "CN=other");
}

TEST_P(names, letters_count_alike_in_both_cases) {
    EXPECT_EQ(shown_for("OTHER.Test"), "CN=other");
    EXPECT_EQ(shown_for("mixed.test"), "CN=other");
}

TEST_P(names, no_name_and_an_unknown_one_get_the_default) {
    EXPECT_EQ(shown_for(""), "CN=default");
    EXPECT_EQ(shown_for("unknown.test"), "CN=default");
    EXPECT_EQ(shown_for("test"), "CN=default");
}

TEST_P(names, a_wildcard_stands_for_one_label) {
    EXPECT_EQ(shown_for("a.wild.test"), "CN=wild");
    EXPECT_EQ(shown_for("a.b.wild.test"), "CN=default");
    EXPECT_EQ(shown_for("wild.test"), "CN=default");
}

TEST_P(names, an_exact_name_goes_before_a_wildcard) {
    EXPECT_EQ(shown_for("exact.wild.test"), "CN=default");
}

TEST_P(names, the_first_certificate_with_a_name_has_it) {
    std::swap(here.settings.sni[0], here.settings.sni[1]);
    EXPECT_EQ(shown_for("other.test"), "CN=wild");
}

TEST_P(names, client_certificates_are_asked_for_under_each_name) {
    here.settings.clients = config::client_certificates::required;
    foreign_client client(GetParam());
    const auto server = here.make();
    memory_pair without(client.side("other.test"), server.accept_side());
    EXPECT_FALSE(without.shake_hands());
    client.show(here.save("pharmacy", here.pharmacy));
    memory_pair with(client.side("other.test"), server.accept_side());
    EXPECT_TRUE(with.shake_hands());
    EXPECT_EQ(name_text(X509_get_subject_name(SSL_get0_peer_certificate(with.server()))), "CN=pharmacy");
}

TEST_P(names, connections_outlive_the_context_that_they_were_made_from) {
    std::optional<tls_context> server = here.make();
    memory_pair pair(foreign_client(GetParam()).side("other.test"), server->accept_side());
    server.reset();
    EXPECT_TRUE(pair.shake_hands());
    EXPECT_EQ(pair.shown(), "CN=other");
}

TEST(server_names, a_further_certificate_that_cannot_be_used_is_named) {
    server_setup here;
    here.settings.sni = {{{here.folder.path() / "none.pem", here.settings.tls.key}, {}}};
    EXPECT_THAT(here.refusal(), HasSubstr("none.pem"));
}

}  // namespace
}  // namespace garde::net
