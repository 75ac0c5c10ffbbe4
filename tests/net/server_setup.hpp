// A listener's settings with an authority for its clients and one for itself, and files that a test can
// change.
#pragma once

#include "garde/net/tls_context.hpp"

#include "../support/authority.hpp"
#include "memory_handshake.hpp"

#include <memory>
#include <optional>
#include <string>

namespace garde::net::testing_support {

/// What the code under test takes for the time. It starts as the real one, which OpenSSL goes by in
/// handshakes.
struct test_clock {
    std::shared_ptr<wall_time> at = std::make_shared<wall_time>(wall_now());
    void advance(std::chrono::seconds by) const { *at += by; }
    [[nodiscard]] std::function<wall_time()> now() const {
        return [at = at] { return *at; };
    }
};

struct server_setup {
    server_setup() {
        settings.tls = save("server", server);
        settings.clients = config::client_certificates::optional;
        settings.client_ca = write("client-ca.pem", clients.pem());
    }

    config::certificate_files save(const std::string& name, const test::issued& what) const {
        return {write(name + ".pem", what.certificate_pem()), write(name + ".key", what.key_pem())};
    }
    std::filesystem::path write(const std::string& name, std::string_view content) const {
        test::write_file(folder.path() / name, content);
        return folder.path() / name;
    }

    /// The revocation list becomes one of the settings.
    void use_list(std::initializer_list<const X509*> revoked, test::period valid = {}) {
        settings.client_crl = {write("clients.crl", clients.revocation_list(revoked, valid))};
    }

    /// As a start or a reload makes it.
    [[nodiscard]] tls_context make() const {
        auto made = tls_context::server(settings, keys, clock.now());
        if (!made) throw std::runtime_error(made.error().message);
        return std::move(*made);
    }
    /// Why it cannot be made.
    [[nodiscard]] std::string refusal() const {
        const auto made = tls_context::server(settings, keys, clock.now());
        return made ? "" : made.error().message;
    }

    test::temporary_folder folder;
    test::authority servers{"Server CA"};
    test::authority clients{"Client CA"};
    test::issued server = servers.issue("default", "DNS:garde.test,DNS:exact.wild.test");
    test::issued pharmacy = clients.issue("pharmacy");
    config::listener_settings settings;
    test_clock clock;
    ticket_keys_ptr keys = std::make_shared<ticket_keys>(*clock.at);
};

/// One handshake, which must succeed, and the session that it leaves to the client.
inline session_ptr session_from(const foreign_client& client, const tls_context& server,
                                const std::string& name = "garde.test") {
    memory_pair pair(client.side(name), server.accept_side());
    EXPECT_TRUE(pair.shake_hands());
    EXPECT_FALSE(pair.resumed());
    return pair.session();
}

/// How a client fares that shows this session.
enum class fared : std::uint8_t {
    resumed,  ///< without a full handshake
    full,     ///< with one
    refused,  ///< not at all
};

inline fared come_back(const foreign_client& client, const tls_context& server, SSL_SESSION* session,
                       const std::string& name = "garde.test") {
    memory_pair pair(client.side(name, session), server.accept_side());
    if (!pair.shake_hands()) return fared::refused;
    return pair.resumed() ? fared::resumed : fared::full;
}

}  // namespace garde::net::testing_support
