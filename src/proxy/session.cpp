// See session.hpp.
#include "garde/proxy/session.hpp"

#include "garde/proxy/exchange.hpp"
#include "garde/proxy/progress_guard.hpp"
#include "garde/proxy/stand_in.hpp"

#include <algorithm>

namespace garde::proxy {
namespace {

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
    if (stream.refused_certificate()) return handshake_result::certificate_refused;
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
      address_(address_of(stream_.descriptor())),
      pass_(std::move(pass)) {
    worker_.enter(*this);
}

session::~session() {
    worker_.give_back(std::move(memory_));
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
    for (;;) {
        const bool asked = co_await wait_for_request();
        if (!asked) co_return;
        const after then = co_await serve_one();
        if (then != after::keep_alive || turned_away_) co_return co_await finish(then);
    }
}

/// A coroutine of its own, so that a connection that waits does not keep an exchange's room.
net::task<after> session::serve_one() {
    const bool understood = co_await read_head();
    if (!understood) co_return after::over;
    exchange one(*this);
    if (turned_away_) co_return co_await one.turn_away(*turned_away_);
    co_return co_await one.run();
}

net::task<> session::finish(after then) {
    if (turned_away_ && then != after::over) end_ = connection_end::shed;
    switch (then) {
        case after::keep_alive:
        case after::close: stream_.close(); break;
        case after::linger:
            stream_.expires_at(now() + linger_time);
            co_await stream_.close_after_refusal();
            break;
        case after::broken:
            end_ = connection_end::broken;
            stream_.abort();
            break;
        case after::over: break;
    }
}

net::task<bool> session::handshake() {
    stream_.expires_at(now() + worker_.served().settings().limits.handshake_time);
    const net::io_status shaken = co_await stream_.handshake();
    if (shaken == net::io_status::ok) {
        const auto how = stream_.resumed() ? handshake_result::resumed : handshake_result::full;
        worker_.counters().node().handshakes[how].add();
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

const caller::identity& session::who() const {
    static const caller::identity unverified;
    return who_ ? *who_ : unverified;
}

/// Who shows a certificate is counted for himself from now on, instead of for his address.
void session::identify() {
    const X509* shown = stream_.peer_certificate();
    if (shown == nullptr) return;
    auto who = worker_.served().settings().callers->known.recognise(caller::from_certificate(shown));
    if (!who.verified()) return;
    who_ = std::make_unique<const caller::identity>(std::move(who));
    limits_of_ = worker_.current()->number;
    turned_away_ = pass_.identify(worker_.admits().key_of_identity(who_->canonical()),
                                  worker_.served().settings().callers->limits_of(*who_));
}

counted_caller session::counted_for() {
    if (who_ && limits_of_ != worker_.current()->number) {
        limits_of_ = worker_.current()->number;
        pass_.hold_to(worker_.served().settings().callers->limits_of(*who_));
    }
    return pass_.who();
}

/// Waits, without memory, until something comes. False when the connection is over.
net::task<bool> session::wait_for_request() {
    if (!buffer_.available().empty()) co_return true;  // pipelined
    buffer_.release();
    worker_.give_back(std::move(memory_));
    idle_ = true;
    stream_.expires_at(
        now() + (worker_.draining() ? worker::last_wait : worker_.served().settings().limits.idle_time));
    net::io_result first{.status = co_await stream_.wait_readable(), .bytes = 0};
    if (first.status == net::io_status::ok) first = co_await stream_.read_some(buffer_.room());
    idle_ = false;
    if (first.status == net::io_status::ok) {
        buffer_.filled(first.bytes);
        co_return true;
    }
    if (first.status != net::io_status::cancelled)
        end_ = first.status == net::io_status::timed_out ? connection_end::idle : connection_end::by_caller;
    stream_.close();
    co_return false;
}

/// False when the connection is over.
net::task<bool> session::read_head() {
    const auto& limits = worker_.served().settings().limits;
    if (!memory_) memory_ = worker_.lend(request_limits(limits));
    request().reset();
    stream_.expires_at(now() + limits.head_time);
    const auto head_done = [](http::request_parser& p) { return p.head_complete(); };
    const auto read = co_await net::read_until(stream_, buffer_, request(), head_done);
    if (read.ok()) co_return true;
    const http::parse_error late{.status = 408, .what = "the request was not complete in time"};
    co_await end(read, late, refusal::timed_out);
    co_return false;
}

void session::take_what_has_come() {
    while (!buffer_.available().empty() && !request().complete()) {
        const auto consumed = request().put(buffer_.available());
        if (!consumed || *consumed == 0) return;  // what is refused is refused again when the body is read
        buffer_.consume(*consumed);
    }
}

net::task<body_end> session::read_body(byte_claim& claim) {
    http::request_parser& request = memory_->request;
    if (request.complete()) co_return body_end::complete;
    const config::limits_settings& limits = worker_.served().settings().limits;
    const steady_time ends = now() + limits.body_time;
    progress_guard guard(limits.body_rate, body_patience, now());
    const std::size_t body_claimed_from = claim.bytes();
    stream_.expires_at(std::min(ends, guard.due()));
    if (request.head().expect_continue) co_await stream_.write_all("HTTP/1.1 100 Continue\r\n\r\n");
    const bool announced = request.head().framing == http::body_framing::content_length;
    std::size_t known = request.body().size();
    const auto some = [&known](http::request_parser& p) { return p.complete() || p.body().size() > known; };
    while (!request.complete()) {
        const auto read = co_await net::read_until(stream_, buffer_, request, some);
        if (!read.ok()) {
            const bool slow = guard.too_slow(now()) && now() < ends;
            const http::parse_error late{
                .status = 408,
                .what = slow ? "the request's body came too slowly" : "the request was not complete in time"};
            co_await end(read, late, slow ? refusal::too_slow : refusal::timed_out);
            co_return body_end::over;
        }
        guard.progress(request.body().size() - known, now());
        known = request.body().size();
        if (!announced && !claim.reach(body_claimed_from + 2 * known)) co_return body_end::no_room;
        stream_.expires_at(std::min(ends, guard.due()));
    }
    co_return body_end::complete;
}

net::task<> session::end(net::read_result read, const http::parse_error& late, refusal counted) {
    end_ = read.refused ? connection_end::refused : end_of(read.status);
    if (read.refused)
        co_await refuse(*read.refused, refusal_of(read.refused->status));
    else if (read.status == net::io_status::timed_out)
        co_await refuse(late, counted);
    else
        stream_.close();
}

net::task<> session::refuse(const http::parse_error& why, refusal counted) {
    worker_.counters().node().refusals[counted].add();
    const std::string bytes = own_problem(worker_.served().settings().node_name, why.status, why.what);
    stream_.expires_at(now() + linger_time);
    const net::io_status written = co_await stream_.write_all(bytes);
    if (written != net::io_status::ok) co_return;
    co_await stream_.close_after_refusal();
}

}  // namespace garde::proxy
