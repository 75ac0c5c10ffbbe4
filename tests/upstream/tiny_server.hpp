// A backend for one test: it accepts on a port that the system chooses, on the test's own loop, and treats
// each connection as told.
#pragma once

#include "garde/net/http_io.hpp"
#include "garde/net/listener.hpp"
#include "garde/net/stream.hpp"
#include "garde/upstream/target.hpp"

#include "../support/loopback.hpp"
#include "../support/pki.hpp"
#include "../support/run.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace garde::upstream::testing_support {

/// The server's end of a connection, with helpers for scripts.
class visitor {
  public:
    visitor(net::event_loop& loop, net::socket accepted, net::ssl_ptr ssl)
        : loop_(loop), stream_(loop, std::move(accepted), std::move(ssl)) {}

    [[nodiscard]] net::stream& stream() { return stream_; }

    /// Reads a whole request: "METHOD TARGET BODY", or nothing when none comes.
    net::task<std::string> request() {
        http::request_parser parser({});
        const auto read =
            co_await net::read_until(stream_, buffer_, parser, [](auto& p) { return p.complete(); });
        if (!read.ok()) co_return "";
        co_return std::string(parser.head().method) + " " + std::string(parser.head().target) + " " +
            parser.body();
    }

    net::task<> say(std::string_view text) { co_await stream_.write_all(text); }

    /// Keeps the connection and reads nothing.
    net::task<> never() { co_await loop_.wait_until(test::in(std::chrono::hours(1))); }

    /// Ends the connection without a goodbye.
    void vanish() { ::shutdown(const_cast<net::socket&>(stream_.descriptor()).native_handle(), SHUT_RDWR); }

  private:
    net::event_loop& loop_;
    net::stream stream_;
    net::input_buffer buffer_;
};

class tiny_server {
  public:
    /// What is done with connection `number` (from 0); it is then closed properly.
    using script = std::function<net::task<>(visitor&, int number)>;

    tiny_server(net::event_loop& loop, script with, std::optional<net::tls_context> tls = {})
        : loop_(loop), script_(std::move(with)), tls_(std::move(tls)), listening_(must_listen(loop)) {
        listening_->start(
            [this](net::socket accepted) { loop_.spawn(serve(std::move(accepted), connections_++)); });
    }
    tiny_server(const tiny_server&) = delete;
    tiny_server& operator=(const tiny_server&) = delete;
    ~tiny_server() { stop_listening(); }

    [[nodiscard]] net::endpoint address() const { return address_; }
    [[nodiscard]] int connections() const { return connections_; }
    /// Connections whose script has ended.
    [[nodiscard]] int over() const { return over_; }
    void stop_listening() { listening_->stop(); }

    std::vector<std::string> requests;  ///< for scripts

  private:
    static std::unique_ptr<net::listener> must_listen(net::event_loop& loop) {
        auto made =
            net::listener::open(loop, {.host = "127.0.0.1", .port = 0}, net::address_sharing::exclusive);
        if (!made) throw std::runtime_error(made.error().message);
        return std::move(*made);
    }

    net::task<> serve(net::socket accepted, int number) {
        visitor one(loop_, std::move(accepted), tls_ ? tls_->accept_side() : nullptr);
        if (co_await one.stream().handshake() == net::io_status::ok) co_await script_(one, number);
        one.stream().close();
        ++over_;
    }

    net::event_loop& loop_;
    script script_;
    std::optional<net::tls_context> tls_;
    std::unique_ptr<net::listener> listening_;
    net::endpoint address_ = listening_->local_endpoint();
    int connections_ = 0;
    int over_ = 0;
};

inline std::string ok_response(std::string_view body, std::string_view fields = "") {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

/// Answers every request with its own text, until the client ends the connection.
inline tiny_server::script echo(std::vector<std::string>& seen) {
    return [&seen](visitor& with, int) -> net::task<> {
        for (;;) {
            const std::string asked = co_await with.request();
            if (asked.empty()) co_return;
            seen.push_back(asked);
            const std::string answer = ok_response(asked);
            co_await with.say(answer);
        }
    };
}

/// Says this to the first request of each connection, then closes it.
inline tiny_server::script say_and_close(std::string text) {
    return [text = std::move(text)](visitor& with, int) -> net::task<> {
        co_await with.request();
        co_await with.say(text);
    };
}

/// Says this to the first request of each connection, then waits for the client to go.
inline tiny_server::script say_and_wait(std::string text) {
    return [text = std::move(text)](visitor& with, int) -> net::task<> {
        co_await with.request();
        co_await with.say(text);
        co_await with.request();
    };
}

inline target to_plain(std::vector<net::endpoint> addresses) {
    return {.name = "test",
            .server_name = test::server_name,
            .addresses = std::move(addresses),
            .tls = std::nullopt};
}

inline target to_tls(std::vector<net::endpoint> addresses) {
    target out = to_plain(std::move(addresses));
    auto tls = net::tls_context::client(test::pki::shared().ca(), {});
    if (!tls) throw std::runtime_error(tls.error().message);
    out.tls = std::move(*tls);
    return out;
}

inline net::tls_context server_tls() {
    auto made = net::tls_context::server(test::pki::shared().server(), config::tls_version::tls1_2,
                                         config::client_certificates::off, {});
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

inline target_ptr shared(target to) {
    return std::make_shared<const target>(std::move(to));
}

}  // namespace garde::upstream::testing_support
