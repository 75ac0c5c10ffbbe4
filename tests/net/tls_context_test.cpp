// Who may shake hands with whom: chains, names, versions, client certificates, sessions.
#include "garde/net/tls_context.hpp"

#include "garde/caller/identity.hpp"

#include "tls_pair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

namespace garde::net {
namespace {

using config::client_certificates;
using config::tls_version;
using test::pki;
using test::run;
using testing::HasSubstr;
using testing_support::client_context;
using testing_support::read_exactly;
using testing_support::server_context;
using testing_support::stream_pair;

/// A client as others are: an SSL_CTX of the test's own.
class foreign_client {
  public:
    foreign_client(int min_version, int max_version) : context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_security_level(context_.get(), 0);
        SSL_CTX_set_min_proto_version(context_.get(), min_version);
        SSL_CTX_set_max_proto_version(context_.get(), max_version);
    }
    [[nodiscard]] SSL_CTX* context() { return context_.get(); }
    [[nodiscard]] ssl_ptr side() {
        ssl_ptr out(SSL_new(context_.get()));
        SSL_set_connect_state(out.get());
        return out;
    }

  private:
    std::unique_ptr<SSL_CTX, ssl_deleter> context_;
};

// --- the server's certificate ---

TEST(tls_context, the_right_chain_and_name_shake_hands) {
    event_loop loop;
    stream_pair pair(loop, client_context().connect_side(test::server_name), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    EXPECT_NE(pair.client->peer_certificate(), nullptr);
}

TEST(tls_context, a_certificate_of_another_ca_is_refused) {
    event_loop loop;
    const auto trusts_other = tls_context::client(pki::shared().other_ca(), {});
    ASSERT_TRUE(trusts_other);
    stream_pair pair(loop, trusts_other->connect_side(test::server_name), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::tls_error, io_status::tls_error));
    EXPECT_EQ(pair.client->peer_certificate(), nullptr);
}

TEST(tls_context, a_certificate_for_another_name_is_refused) {
    event_loop loop;
    stream_pair pair(loop, client_context().connect_side("other.garde.test"), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands().first, io_status::tls_error);
}

TEST(tls_context, an_address_is_compared_with_the_certificates_addresses) {
    event_loop loop;
    stream_pair good(loop, client_context().connect_side("127.0.0.1"), server_context().accept_side());
    EXPECT_EQ(good.shake_hands().first, io_status::ok);
    stream_pair bad(loop, client_context().connect_side("127.0.0.2"), server_context().accept_side());
    EXPECT_EQ(bad.shake_hands().first, io_status::tls_error);
}

TEST(tls_context, the_server_is_told_which_name_is_meant) {
    event_loop loop;
    ssl_ptr server = server_context().accept_side();
    const SSL* told = server.get();
    stream_pair pair(loop, client_context().connect_side(test::server_name), std::move(server));
    pair.shake_hands();
    EXPECT_STREQ(SSL_get_servername(told, TLSEXT_NAMETYPE_host_name), test::server_name);
}

TEST(tls_context, an_address_is_no_server_name) {
    event_loop loop;
    ssl_ptr server = server_context().accept_side();
    const SSL* told = server.get();
    stream_pair pair(loop, client_context().connect_side("127.0.0.1"), std::move(server));
    pair.shake_hands();
    EXPECT_EQ(SSL_get_servername(told, TLSEXT_NAMETYPE_host_name), nullptr);
}

// --- versions ---

TEST(tls_context, old_versions_are_refused) {
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        event_loop loop;
        foreign_client old(version, version);
        stream_pair pair(loop, old.side(), server_context().accept_side());
        EXPECT_EQ(pair.shake_hands(), std::pair(io_status::tls_error, io_status::tls_error)) << version;
    }
}

TEST(tls_context, tls_1_2_is_accepted_unless_1_3_is_the_least) {
    event_loop loop;
    foreign_client client(TLS1_2_VERSION, TLS1_2_VERSION);
    stream_pair accepted(loop, client.side(), server_context().accept_side());
    EXPECT_EQ(accepted.shake_hands(), std::pair(io_status::ok, io_status::ok));
    stream_pair refused(loop, client.side(),
                        server_context(client_certificates::off, tls_version::tls1_3).accept_side());
    EXPECT_EQ(refused.shake_hands(), std::pair(io_status::tls_error, io_status::tls_error));
}

TEST(tls_context, suites_without_forward_secrecy_are_refused) {
    event_loop loop;
    foreign_client client(TLS1_2_VERSION, TLS1_2_VERSION);
    ASSERT_EQ(SSL_CTX_set_cipher_list(client.context(), "ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256"), 1);
    stream_pair pair(loop, client.side(), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::tls_error, io_status::tls_error));
}

TEST(tls_context, http_1_1_is_chosen_where_it_is_offered) {
    event_loop loop;
    foreign_client client(TLS1_3_VERSION, TLS1_3_VERSION);
    const std::string offered = "\x02h2\x08http/1.1";
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    ssl_ptr side = client.side();
    const SSL* seen = side.get();
    stream_pair pair(loop, std::move(side), server_context().accept_side());
    ASSERT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(seen, &chosen, &length);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), length), "http/1.1");
}

TEST(tls_context, a_client_that_offers_other_protocols_only_is_left_without) {
    event_loop loop;
    foreign_client client(TLS1_3_VERSION, TLS1_3_VERSION);
    const std::string offered = "\x02h2";
    SSL_CTX_set_alpn_protos(client.context(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    stream_pair pair(loop, client.side(), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
}

// --- the client's certificate ---

TEST(tls_context, without_asking_there_is_no_client_certificate) {
    event_loop loop;
    stream_pair pair(loop, client_context(pki::shared().client()).connect_side(test::server_name),
                     server_context(client_certificates::off).accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    EXPECT_EQ(pair.server->peer_certificate(), nullptr);
}

TEST(tls_context, an_optional_client_certificate_may_be_missing) {
    event_loop loop;
    stream_pair pair(loop, client_context().connect_side(test::server_name),
                     server_context(client_certificates::optional).accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    EXPECT_EQ(pair.server->peer_certificate(), nullptr);
}

TEST(tls_context, a_good_client_certificate_becomes_the_callers_identity) {
    for (const auto asked : {client_certificates::optional, client_certificates::required}) {
        event_loop loop;
        stream_pair pair(loop, client_context(pki::shared().client()).connect_side(test::server_name),
                         server_context(asked).accept_side());
        EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
        EXPECT_EQ(caller::from_certificate(pair.server->peer_certificate()).subject(), "CN=pharmacy");
    }
}

TEST(tls_context, a_required_client_certificate_may_not_be_missing) {
    event_loop loop;
    stream_pair pair(loop, client_context().connect_side(test::server_name),
                     server_context(client_certificates::required).accept_side());
    EXPECT_EQ(pair.shake_hands().second, io_status::tls_error);
}

TEST(tls_context, a_client_certificate_of_another_ca_is_refused_even_where_none_is_required) {
    for (const auto asked : {client_certificates::optional, client_certificates::required}) {
        event_loop loop;
        stream_pair pair(loop, client_context(pki::shared().stranger()).connect_side(test::server_name),
                         server_context(asked).accept_side());
        EXPECT_EQ(pair.shake_hands().second, io_status::tls_error);
        EXPECT_EQ(pair.server->peer_certificate(), nullptr);
    }
}

/// Shakes hands and takes the session that the server hands out with its first bytes.
std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session_of(event_loop& loop, foreign_client& client,
                                                                     const tls_context& server) {
    ssl_ptr side = client.side();
    SSL* seen = side.get();
    stream_pair pair(loop, std::move(side), server.accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    const auto [written, read] =
        test::run_both(loop, pair.server->write_all("x"), read_exactly(*pair.client, 1));
    EXPECT_EQ(read, "x");
    auto session = SSL_get1_session(seen);
    pair.client->close();
    return {session, SSL_SESSION_free};
}

TEST(tls_context, a_resumed_session_keeps_the_callers_identity) {
    const auto server = server_context(client_certificates::optional);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        event_loop loop;
        foreign_client client(version, version);
        SSL_CTX_use_certificate_chain_file(client.context(), pki::shared().client().certificate.c_str());
        SSL_CTX_use_PrivateKey_file(client.context(), pki::shared().client().key.c_str(), SSL_FILETYPE_PEM);
        const auto session = session_of(loop, client, server);
        ssl_ptr again = client.side();
        SSL* seen = again.get();
        SSL_set_session(seen, session.get());
        stream_pair pair(loop, std::move(again), server.accept_side());
        EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
        EXPECT_EQ(SSL_session_reused(seen), 1);
        EXPECT_EQ(caller::from_certificate(pair.server->peer_certificate()).subject(), "CN=pharmacy");
    }
}

TEST(tls_context, a_session_of_a_former_context_is_not_resumed) {
    // A new context is how a changed CA or certificate comes into force.
    event_loop loop;
    foreign_client client(TLS1_3_VERSION, TLS1_3_VERSION);
    const auto session = session_of(loop, client, server_context());
    ssl_ptr again = client.side();
    SSL* seen = again.get();
    SSL_set_session(seen, session.get());
    stream_pair pair(loop, std::move(again), server_context().accept_side());
    EXPECT_EQ(pair.shake_hands(), std::pair(io_status::ok, io_status::ok));
    EXPECT_EQ(SSL_session_reused(seen), 0);
}

// --- files that cannot be used ---

TEST(tls_context, a_missing_file_is_named) {
    const auto no_certificate = tls_context::server({"/nonexistent/garde.pem", pki::shared().server().key},
                                                    tls_version::tls1_2, client_certificates::off, {});
    ASSERT_FALSE(no_certificate);
    EXPECT_THAT(no_certificate.error().message, HasSubstr("/nonexistent/garde.pem"));
    const auto no_ca = tls_context::client("/nonexistent/ca.pem", {});
    ASSERT_FALSE(no_ca);
    EXPECT_THAT(no_ca.error().message, HasSubstr("/nonexistent/ca.pem"));
}

TEST(tls_context, a_key_of_another_certificate_is_refused) {
    const auto mixed = tls_context::server({pki::shared().server().certificate, pki::shared().client().key},
                                           tls_version::tls1_2, client_certificates::off, {});
    ASSERT_FALSE(mixed);
    EXPECT_THAT(mixed.error().message, HasSubstr("server.pem"));
}

}  // namespace
}  // namespace garde::net
