// Sessions that go on without a full handshake, and all that ends them.
#include "server_setup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::net {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

struct resumption : testing::TestWithParam<int> {
    resumption() { known.show(here.save("pharmacy", here.pharmacy)); }

    server_setup here;
    foreign_client known{GetParam()};      ///< shows its certificate
    foreign_client anonymous{GetParam()};  ///< has none
};

INSTANTIATE_TEST_SUITE_P(versions, resumption, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& info) { return info.param == TLS1_2_VERSION ? "tls1_2" : "tls1_3"; });

TEST_P(resumption, goes_on_with_the_same_identity) {
    const auto server = here.make();
    const auto session = session_from(known, server);
    memory_pair pair(known.side("garde.test", session.get()), server.accept_side());
    ASSERT_TRUE(pair.shake_hands());
    EXPECT_TRUE(pair.resumed());
    EXPECT_EQ(name_text(X509_get_subject_name(SSL_get0_peer_certificate(pair.server()))), "CN=pharmacy");
    EXPECT_EQ(SSL_get_verify_result(pair.server()), X509_V_OK);
}

TEST_P(resumption, goes_on_from_ticket_to_ticket) {
    const auto server = here.make();
    auto session = session_from(known, server);
    for (int time = 0; time < 3; ++time) {
        memory_pair pair(known.side("garde.test", session.get()), server.accept_side());
        ASSERT_TRUE(pair.shake_hands());
        EXPECT_TRUE(pair.resumed()) << time;
        session = pair.session();
    }
}

TEST_P(resumption, goes_on_over_a_reload) {
    const auto session = session_from(known, here.make());
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::resumed);
}

TEST_P(resumption, goes_on_over_a_reload_with_a_renewed_certificate_of_the_server) {
    const auto session = session_from(anonymous, here.make());
    here.settings.tls = here.save("renewed", here.servers.issue("renewed", "DNS:garde.test"));
    EXPECT_EQ(come_back(anonymous, here.make(), session.get()), fared::resumed);
}

TEST_P(resumption, other_keys_know_nothing_of_a_ticket) {
    const auto session = session_from(known, here.make());
    here.keys = std::make_shared<ticket_keys>(*here.clock.at);
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::full);
}

TEST_P(resumption, keys_change_by_time_and_old_ones_serve_their_tickets_out) {
    const auto server = here.make();
    const auto session = session_from(anonymous, server);
    here.clock.advance(ticket_keys::rotation);
    const auto later = session_from(anonymous, server);
    EXPECT_EQ(come_back(anonymous, server, session.get()), fared::resumed);
    here.clock.advance(ticket_keys::ticket_life - 1s);
    EXPECT_EQ(come_back(anonymous, server, session.get()), fared::resumed);
    here.clock.advance(2s);
    EXPECT_EQ(come_back(anonymous, server, session.get()), fared::full);
    EXPECT_EQ(come_back(anonymous, server, later.get()), fared::resumed);
}

TEST_P(resumption, a_ticket_under_an_old_key_is_replaced) {
    const auto server = here.make();
    auto session = session_from(anonymous, server);
    here.clock.advance(ticket_keys::rotation);
    memory_pair pair(anonymous.side("garde.test", session.get()), server.accept_side());
    ASSERT_TRUE(pair.shake_hands());
    ASSERT_TRUE(pair.resumed());
    session = pair.session();
    here.clock.advance(ticket_keys::ticket_life);
    EXPECT_EQ(come_back(anonymous, server, session.get()), fared::resumed);
}

TEST_P(resumption, one_ticket_for_a_handshake) {
    int tickets = 0;
    SSL_CTX_set_session_cache_mode(anonymous.context(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_set_app_data(anonymous.context(), &tickets);
    SSL_CTX_sess_set_new_cb(anonymous.context(), [](SSL* ssl, SSL_SESSION*) {
        ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        return 0;
    });
    (void)session_from(anonymous, here.make());
    EXPECT_EQ(tickets, 1);
}

// --- bound to the name ---

TEST_P(resumption, a_ticket_got_under_one_name_is_none_under_another) {
    here.settings.sni = {{here.save("other", here.servers.issue("other", "DNS:other.test")), {}}};
    const auto server = here.make();
    const auto session = session_from(anonymous, server, "garde.test");
    EXPECT_EQ(come_back(anonymous, server, session.get(), "other.test"), fared::full);
    EXPECT_EQ(come_back(anonymous, server, session.get(), "unknown.test"), fared::full);
    EXPECT_EQ(come_back(anonymous, server, session.get(), ""), fared::full);
    EXPECT_EQ(come_back(anonymous, server, session.get(), "GARDE.test"), fared::resumed);
}

TEST_P(resumption, works_under_each_name) {
    here.settings.sni = {{here.save("other", here.servers.issue("other", "DNS:other.test")), {}}};
    const auto server = here.make();
    for (const auto* name : {"other.test", "unknown.test", ""}) {
        const auto session = session_from(known, server, name);
        EXPECT_EQ(come_back(known, server, session.get(), name), fared::resumed) << name;
    }
}

// --- the client's certificate is looked at again ---

TEST_P(resumption, a_client_that_was_revoked_meanwhile_is_refused) {
    here.use_list({});
    const auto session = session_from(known, here.make());
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::resumed);
    here.use_list({here.pharmacy.certificate.get()});
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::refused);
}

TEST_P(resumption, a_list_that_revokes_others_changes_nothing) {
    here.use_list({});
    const auto session = session_from(known, here.make());
    const auto other = here.clients.issue("other");
    here.use_list({other.certificate.get()});
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::resumed);
}

TEST_P(resumption, a_client_whose_certificate_expired_meanwhile_shakes_hands_anew) {
    known.show(here.save("short", here.clients.issue("short", "", {-1h, 30min})));
    const auto server = here.make();
    const auto session = session_from(known, server);
    here.clock.advance(29min);
    EXPECT_EQ(come_back(known, server, session.get()), fared::resumed);
    here.clock.advance(2min);
    // By OpenSSL's clock the certificate is still good, so the full handshake succeeds.
    EXPECT_EQ(come_back(known, server, session.get()), fared::full);
}

TEST_P(resumption, a_certificate_that_is_not_valid_yet_by_a_corrected_clock_shakes_hands_anew) {
    const auto server = here.make();
    const auto session = session_from(known, server);
    here.clock.advance(-2h);
    EXPECT_EQ(come_back(known, server, session.get()), fared::full);
}

TEST_P(resumption, a_key_is_proved_anew_once_a_day) {
    known.show(here.save("long", here.clients.issue("long", "", {-1h, 72h})));
    const auto server = here.make();
    auto session = session_from(known, server);
    for (int hour = 0; hour < 23; ++hour) {
        here.clock.advance(1h);
        memory_pair pair(known.side("garde.test", session.get()), server.accept_side());
        ASSERT_TRUE(pair.shake_hands());
        EXPECT_TRUE(pair.resumed()) << hour;
        session = pair.session();
    }
    here.clock.advance(61min);
    EXPECT_EQ(come_back(known, server, session.get()), fared::full);
}

TEST_P(resumption, other_client_authorities_mean_a_full_handshake) {
    const auto session = session_from(known, here.make());
    const test::authority more("More clients");
    here.settings.client_ca = here.write("client-ca.pem", here.clients.pem() + more.pem());
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::full);
    here.settings.client_ca = here.write("client-ca.pem", more.pem());
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::refused);
}

TEST_P(resumption, a_revoked_intermediate_authority_ends_its_clients_sessions) {
    const test::authority middle("Middle CA", here.clients);
    known.show(here.save("client", middle.issue("client")));
    here.settings.client_ca = here.write("client-ca.pem", here.clients.pem() + middle.pem());
    const auto middle_list = here.write("middle.crl", middle.revocation_list({}));
    here.use_list({});
    here.settings.client_crl.push_back(middle_list);
    const auto session = session_from(known, here.make());
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::resumed);
    here.use_list({middle.own().certificate.get()});
    here.settings.client_crl.push_back(middle_list);
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::refused);
}

TEST_P(resumption, lists_that_are_new_to_the_configuration_mean_a_full_handshake) {
    const auto session = session_from(known, here.make());
    here.use_list({});
    EXPECT_EQ(come_back(known, here.make(), session.get()), fared::full);
}

TEST_P(resumption, a_session_without_a_certificate_is_none_where_one_is_required) {
    const auto session = session_from(anonymous, here.make());
    here.settings.clients = config::client_certificates::required;
    EXPECT_EQ(come_back(anonymous, here.make(), session.get()), fared::refused);
}

}  // namespace
}  // namespace garde::net
