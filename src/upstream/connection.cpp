// See connection.hpp.
#include "garde/upstream/connection.hpp"

#include "garde/net/connect.hpp"

#include <cerrno>
#include <vector>

namespace garde::upstream {
namespace {

using continuity::reason;

reason reason_of(net::io_status status, const http::response_parser& parser) {
    if (status == net::io_status::timed_out) return reason::timed_out;
    return parser.head_complete() ? reason::truncated : reason::reset;
}

/// Responses whose memory the next ones of this thread use.
constexpr std::size_t most_spares = 64;
thread_local std::vector<std::unique_ptr<response>> spares;

}  // namespace

result<target> make_target(const config::backend_settings& settings) {
    target out{
        .name = settings.name, .server_name = settings.server_name, .addresses = {}, .tls = std::nullopt};
    if (auto literal = net::endpoint::from_literal(settings.address.host, settings.address.port))
        out.addresses.push_back(*literal);
    if (settings.tls) {
        auto tls = net::tls_context::client(settings.ca, settings.client);
        if (!tls) return std::unexpected(tls.error());
        out.tls = std::move(*tls);
    }
    return out;
}

net::task<std::expected<connection_ptr, reason>> connect(net::event_loop& loop, const target& to,
                                                         steady_time give_up_at) {
    net::session_slot none;
    co_return co_await connect(loop, to, give_up_at, none);
}

net::task<std::expected<connection_ptr, reason>> connect(net::event_loop& loop, const target& to,
                                                         steady_time give_up_at,
                                                         net::session_slot& sessions) {
    reason why = reason::connect_failed;
    auto addresses_left = static_cast<steady_time::rep>(to.addresses.size());
    for (const auto& address : to.addresses) {
        const steady_time now = std::chrono::steady_clock::now();
        const steady_time move_on_at = now + (give_up_at - now) / addresses_left--;
        auto connected = co_await net::connect(loop, address, move_on_at);
        if (!connected) {
            why = connected.error() == ETIMEDOUT ? reason::connect_timeout : reason::connect_failed;
            continue;
        }
        net::ssl_ptr ssl = to.tls ? to.tls->connect_side(to.server_name, sessions) : nullptr;
        if (to.tls && !ssl) co_return std::unexpected(reason::tls_failed);
        auto made = std::make_unique<connection>(loop, std::move(*connected), std::move(ssl));
        made->stream().expires_at(give_up_at);
        const net::io_status shaken = co_await made->stream().handshake();
        if (shaken == net::io_status::ok) co_return made;
        co_return std::unexpected(shaken == net::io_status::timed_out ? reason::connect_timeout
                                                                      : reason::tls_failed);
    }
    co_return std::unexpected(why);
}

response_ptr new_response(std::size_t head_bytes, http::request_was method) {
    while (!spares.empty()) {
        std::unique_ptr<response> kept = std::move(spares.back());
        spares.pop_back();
        if (kept->head_bytes != head_bytes) continue;  // of another configuration
        kept->parser.reset(method);
        return response_ptr(kept.release());
    }
    response_ptr out(new response(head_bytes));
    out->parser.reset(method);
    return out;
}

void response_recycler::operator()(response* done) const {
    std::unique_ptr<response> owned(done);
    owned->rest_from.reset();
    if (spares.size() < most_spares) spares.push_back(std::move(owned));
}

net::task<sent> send(connection& on, const wire_request& request, steady_time give_up_at) {
    on.stream().expires_at(give_up_at);
    sent out;
    const net::io_status written = co_await on.stream().write_until_answered(request.bytes);
    out.cut_short = written == net::io_status::interrupted;
    if (written == net::io_status::timed_out) {
        out.why = reason::timed_out;
        co_return out;
    }
    // A backend may refuse early and close: what it said is read even when the write failed.
    response_ptr answer = new_response(request.head_bytes, request.method);
    const auto enough = [&](http::response_parser& p) {
        if (p.head_complete() && out.head_at == steady_time()) out.head_at = std::chrono::steady_clock::now();
        if (p.complete()) return true;
        const std::size_t kept = p.body().size();
        return kept > request.commit_bytes || (request.room != nullptr && !request.room->reach(kept));
    };
    const auto read = co_await net::read_until(on.stream(), on.buffer(), answer->parser, enough);
    if (read.refused) {
        out.why = reason::bad_response;
        co_return out;
    }
    if (read.status != net::io_status::ok) {
        const bool complete = read.status == net::io_status::eof && answer->parser.finish();
        if (!complete) {
            out.why = reason_of(read.status, answer->parser);
            out.nothing_received = read.received == 0;
            co_return out;
        }
    }
    out.answer = std::move(answer);
    co_return out;
}

}  // namespace garde::upstream
