// See session.hpp.
#include "garde/proxy/session.hpp"

#include "garde/proxy/exchange.hpp"
#include "garde/proxy/stand_in.hpp"

namespace garde::proxy {
namespace {

steady_time now() {
    return std::chrono::steady_clock::now();
}

http::parser_limits request_limits(const config::limits_settings& limits) {
    return {.head_bytes = limits.head_bytes, .body_bytes = limits.body_bytes};
}

std::string address_of(const net::socket& peer) {
    const auto at = net::remote_endpoint(peer);
    return at ? at->host() : std::string();
}

/// How a connection ended whose stream says this inside a request.
connection_end end_of(net::io_status status) {
    return status == net::io_status::timed_out ? connection_end::timed_out : connection_end::broken;
}

handshake_result failed_handshake(const net::stream& stream, net::io_status status) {
    if (stream.peer_spoke_plain_http()) return handshake_result::plain_http;
    switch (status) {
        case net::io_status::timed_out: return handshake_result::timed_out;
        case net::io_status::tls_error: return handshake_result::protocol_error;
        default: return handshake_result::closed;
    }
}

constexpr milliseconds linger_time{2'000};

}  // namespace

session::session(worker& at, net::socket accepted, net::ssl_ptr ssl, connection_pass pass)
    : worker_(at),
      stream_(at.loop(), std::move(accepted), std::move(ssl)),
      parser_(request_limits(at.served().settings().limits)),
      address_(address_of(stream_.descriptor())),
      pass_(std::move(pass)) {
    worker_.enter(*this);
}

session::~session() {
    worker_.counters().node().ended[end_].add();
    pass_ = connection_pass();  // before anybody hears that the last one has ended
    worker_.leave(*this);
}

void session::end_when_idle() {
    if (idle_) stream_.cancel();
}

net::task<> session::run() {
    const bool shaken = co_await handshake();
    if (!shaken) co_return;
    for (bool keep_alive = true; keep_alive;) {
        parser_.reset();
        const bool received = co_await read_request();
        if (!received) co_return;
        if (turned_away_) co_return co_await turn_away();
        exchange one(*this);
        keep_alive = co_await one.run();
    }
    stream_.close();
}

net::task<bool> session::handshake() {
    stream_.expires_at(now() + worker_.served().settings().limits.handshake_time);
    const net::io_status shaken = co_await stream_.handshake();
    if (shaken == net::io_status::ok) {
        worker_.counters().node().handshakes[handshake_result::full].add();
        who_ = caller::from_certificate(stream_.peer_certificate());
        identify();
        co_return true;
    }
    end_ = connection_end::handshake_failed;
    worker_.counters().node().handshakes[failed_handshake(stream_, shaken)].add();
    if (stream_.peer_spoke_plain_http())
        stream_.send_plain(
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
            "This port speaks HTTPS: write https:// instead of http://.\n");
    stream_.expires_at(now() + linger_time);
    co_await stream_.close_after_refusal();
    co_return false;
}

/// From now on the connection counts for the verified caller instead of for the address.
void session::identify() {
    if (who_.verified()) turned_away_ = pass_.identify(worker_.admits().key_of_identity(who_.canonical()));
}

net::task<> session::turn_away() {
    end_ = connection_end::shed;
    worker_.counters().node().sheds[*turned_away_].add();
    exchange one(*this);
    co_await one.turn_away();
    stream_.close();
}

/// Waits for a request and reads all of it. False when the connection is over.
net::task<bool> session::read_request() {
    const config::limits_settings limits = worker_.served().settings().limits;  // which may change meanwhile
    if (buffer_.available().empty()) {
        idle_ = true;
        stream_.expires_at(now() + (worker_.draining() ? worker::last_wait : limits.idle_time));
        const net::io_result first = co_await stream_.read_some(buffer_.room());
        idle_ = false;
        if (first.status != net::io_status::ok) {
            if (!ending_)
                end_ = first.status == net::io_status::timed_out ? connection_end::idle
                                                                 : connection_end::by_caller;
            stream_.close();
            co_return false;
        }
        buffer_.filled(first.bytes);
    }
    stream_.expires_at(now() + limits.head_time);
    const auto head_done = [](http::request_parser& p) { return p.head_complete(); };
    auto read = co_await net::read_until(stream_, buffer_, parser_, head_done);
    if (read.ok() && !parser_.complete()) {
        stream_.expires_at(now() + limits.body_time);
        if (parser_.head().expect_continue) co_await stream_.write_all("HTTP/1.1 100 Continue\r\n\r\n");
        const auto all_done = [](http::request_parser& p) { return p.complete(); };
        read = co_await net::read_until(stream_, buffer_, parser_, all_done);
    }
    if (read.ok()) co_return true;
    // Named, not made inside the co_await: GCC 12 destroys such a temporary twice.
    const http::parse_error late{.status = 408, .what = "the request was not complete in time"};
    end_ = read.refused ? connection_end::refused : end_of(read.status);
    if (read.refused)
        co_await refuse(*read.refused);
    else if (read.status == net::io_status::timed_out)
        co_await refuse(late);
    else
        stream_.close();
    co_return false;
}

net::task<> session::refuse(const http::parse_error& why) {
    worker_.counters().node().refusals[refusal_of(why.status)].add();
    const std::string bytes = own_problem(worker_.served().settings().node_name, why.status, why.what);
    stream_.expires_at(now() + linger_time);
    const net::io_status written = co_await stream_.write_all(bytes);
    if (written != net::io_status::ok) co_return;
    co_await stream_.close_after_refusal();
}

}  // namespace garde::proxy
