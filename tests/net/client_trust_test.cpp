// Revocation lists: who is refused, and when a list itself is not good.
#include "../support/log_capture.hpp"
#include "server_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::net {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

struct lists : testing::TestWithParam<int> {
    bool admits(const test::issued& who) {
        foreign_client client(GetParam());
        client.show(here.save("client", who));
        memory_pair pair(client.side(), here.make().accept_side());
        const bool done = pair.shake_hands();
        if (done) {
            EXPECT_EQ(SSL_get_verify_result(pair.server()), X509_V_OK);
        }
        return done;
    }

    server_setup here;
};

INSTANTIATE_TEST_SUITE_P(versions, lists, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& info) { return info.param == TLS1_2_VERSION ? "tls1_2" : "tls1_3"; });

TEST_P(lists, a_revoked_client_is_refused_and_the_others_are_not) {
    const auto bad = here.clients.issue("bad");
    here.use_list({bad.certificate.get()});
    EXPECT_FALSE(admits(bad));
    EXPECT_TRUE(admits(here.pharmacy));
}

TEST_P(lists, without_lists_revocation_is_not_checked) {
    EXPECT_TRUE(admits(here.clients.issue("bad")));
}

TEST_P(lists, a_client_without_a_certificate_is_no_matter_for_lists) {
    here.use_list({});
    memory_pair pair(foreign_client(GetParam()).side(), here.make().accept_side());
    EXPECT_TRUE(pair.shake_hands());
}

TEST_P(lists, clients_of_a_revoked_intermediate_authority_are_refused) {
    const test::authority middle("Middle CA", here.clients);
    const auto client = middle.issue("client");
    here.settings.client_ca = here.write("client-ca.pem", here.clients.pem() + middle.pem());
    const auto middle_list = here.write("middle.crl", middle.revocation_list({}));
    here.use_list({});
    here.settings.client_crl.push_back(middle_list);
    EXPECT_TRUE(admits(client));
    here.use_list({middle.own().certificate.get()});
    here.settings.client_crl.push_back(middle_list);
    EXPECT_FALSE(admits(client));
}

TEST_P(lists, one_that_has_expired_stays_in_force_with_a_warning) {
    const auto bad = here.clients.issue("bad");
    here.use_list({bad.certificate.get()}, {-2h, -1h});
    const test::log_capture log;
    EXPECT_TRUE(admits(here.pharmacy));
    EXPECT_THAT(log.text(),
                AllOf(HasSubstr("revocation list of CN=Client CA has expired"), HasSubstr("reload")));
    EXPECT_FALSE(admits(bad));
}

TEST(client_trust, a_list_of_the_future_is_refused) {
    server_setup here;
    here.use_list({}, {1h, 2h});
    EXPECT_THAT(here.refusal(), HasSubstr("is not valid before 20"));
}

TEST(client_trust, a_list_of_another_authority_is_refused) {
    server_setup here;
    here.settings.client_crl = {here.write("odd.crl", here.servers.revocation_list({}))};
    EXPECT_THAT(here.refusal(), AllOf(HasSubstr("odd.crl"), HasSubstr("CN=Server CA")));
}

TEST(client_trust, a_list_that_only_has_the_authoritys_name_is_refused) {
    server_setup here;
    const test::authority impostor("Client CA");
    here.settings.client_crl = {here.write("odd.crl", impostor.revocation_list({}))};
    EXPECT_THAT(here.refusal(), HasSubstr("odd.crl"));
}

TEST(client_trust, an_authority_without_a_list_is_named) {
    server_setup here;
    const test::authority middle("Middle CA", here.clients);
    here.settings.client_ca = here.write("client-ca.pem", here.clients.pem() + middle.pem());
    here.use_list({});
    EXPECT_THAT(here.refusal(), HasSubstr("no list of CN=Middle CA"));
}

TEST(client_trust, a_file_without_a_list_is_named) {
    server_setup here;
    here.settings.client_crl = {here.write("odd.crl", here.clients.pem())};
    EXPECT_THAT(here.refusal(), HasSubstr("odd.crl holds no list"));
    here.settings.client_crl = {here.folder.path() / "none.crl"};
    EXPECT_THAT(here.refusal(), HasSubstr("none.crl"));
}

}  // namespace
}  // namespace garde::net
