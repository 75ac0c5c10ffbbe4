// Two streams that are connected to each other, on one loop.
#pragma once

#include "garde/net/stream.hpp"

#include "../support/loopback.hpp"
#include "../support/pki.hpp"
#include "../support/run.hpp"

#include <memory>
#include <string>
#include <utility>

namespace garde::net::testing_support {

inline tls_context server_context(config::client_certificates clients = config::client_certificates::off,
                                  config::tls_version min = config::tls_version::tls1_2) {
    auto made = tls_context::server(test::pki::shared().server(), min, clients, test::pki::shared().ca());
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

inline tls_context client_context(const std::optional<config::certificate_files>& own = {}) {
    auto made = tls_context::client(test::pki::shared().ca(), own);
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

struct stream_pair {
    event_loop& loop;
    std::unique_ptr<stream> client;
    std::unique_ptr<stream> server;

    stream_pair(event_loop& on, ssl_ptr client_ssl, ssl_ptr server_ssl) : loop(on) {
        auto [a, b] = test::connected_pair();
        client = std::make_unique<stream>(on, std::move(a), std::move(client_ssl));
        server = std::make_unique<stream>(on, std::move(b), std::move(server_ssl));
    }

    /// The client's and the server's result. A side that fails closes, as its owner would.
    std::pair<io_status, io_status> shake_hands() {
        return test::run_both(loop, handshake_or_close(*client), handshake_or_close(*server));
    }

  private:
    static task<io_status> handshake_or_close(stream& one) {
        const io_status out = co_await one.handshake();
        if (out != io_status::ok) one.close();
        co_return out;
    }
};

inline stream_pair plain_pair(event_loop& loop) {
    return {loop, nullptr, nullptr};
}

inline stream_pair shaken_tls_pair(event_loop& loop) {
    stream_pair out(loop, client_context().connect_side(test::server_name), server_context().accept_side());
    const auto [client, server] = out.shake_hands();
    EXPECT_EQ(client, io_status::ok);
    EXPECT_EQ(server, io_status::ok);
    return out;
}

/// Reads until something else than `ok` comes; what was read goes to `text`.
inline task<io_status> read_all(stream& from, std::string& text, std::size_t piece = 4096) {
    std::string into(piece, '\0');
    for (;;) {
        const io_result got = co_await from.read_some(into);
        if (got.status != io_status::ok) co_return got.status;
        text.append(into, 0, got.bytes);
    }
}

/// Reads this many bytes.
inline task<std::string> read_exactly(stream& from, std::size_t count) {
    std::string out(count, '\0');
    for (std::size_t done = 0; done < count;) {
        const io_result got = co_await from.read_some(std::span(out).subspan(done));
        if (got.status != io_status::ok) co_return out.substr(0, done);
        done += got.bytes;
    }
    co_return out;
}

}  // namespace garde::net::testing_support
