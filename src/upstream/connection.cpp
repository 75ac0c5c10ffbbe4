// See connection.hpp.
#include "garde/upstream/connection.hpp"

#include <boost/asio/redirect_error.hpp>

namespace garde::upstream {
namespace {

using continuity::reason;

reason reason_of(net::io_status status, const http::response_parser& parser) {
    if (status == net::io_status::timed_out) return reason::timed_out;
    return parser.head_complete() ? reason::truncated : reason::reset;
}

/// Connects one socket; an error code, or timed_out when the deadline ended it.
net::task<boost::system::error_code> connect_socket(net::event_loop& loop, net::socket& to,
                                                    net::tcp::endpoint address, steady_time give_up_at) {
    bool expired = false;
    net::deadline limit(loop.wheel(), [&] {
        expired = true;
        boost::system::error_code ignored;
        to.close(ignored);
    });
    limit.set(give_up_at);
    boost::system::error_code failed;
    co_await to.async_connect(address, boost::asio::redirect_error(net::use_task, failed));
    if (expired) failed = boost::asio::error::timed_out;
    co_return failed;
}

}  // namespace

result<target> make_target(const config::backend_settings& settings) {
    target out{
        .name = settings.name, .server_name = settings.server_name, .addresses = {}, .tls = std::nullopt};
    boost::system::error_code no_literal;
    const auto literal = boost::asio::ip::make_address(settings.address.host, no_literal);
    if (!no_literal) out.addresses.emplace_back(literal, settings.address.port);
    if (settings.tls) {
        auto tls = net::tls_context::client(settings.ca, settings.client);
        if (!tls) return std::unexpected(tls.error());
        out.tls = std::move(*tls);
    }
    return out;
}

net::task<std::expected<connection_ptr, reason>> connect(net::event_loop& loop, const target& to,
                                                         steady_time give_up_at) {
    reason why = reason::connect_failed;
    auto addresses_left = static_cast<steady_time::rep>(to.addresses.size());
    for (const auto& address : to.addresses) {
        const steady_time now = std::chrono::steady_clock::now();
        const steady_time move_on_at = now + (give_up_at - now) / addresses_left--;
        net::socket socket(loop.get_executor());
        const auto failed = co_await connect_socket(loop, socket, address, move_on_at);
        if (failed) {
            why = failed == boost::asio::error::timed_out ? reason::connect_timeout : reason::connect_failed;
            continue;
        }
        net::ssl_ptr ssl = to.tls ? to.tls->connect_side(to.server_name) : nullptr;
        if (to.tls && !ssl) co_return std::unexpected(reason::tls_failed);
        auto made = std::make_unique<connection>(loop, std::move(socket), std::move(ssl));
        made->stream().expires_at(give_up_at);
        const net::io_status shaken = co_await made->stream().handshake();
        if (shaken == net::io_status::ok) co_return made;
        co_return std::unexpected(shaken == net::io_status::timed_out ? reason::connect_timeout
                                                                      : reason::tls_failed);
    }
    co_return std::unexpected(why);
}

net::task<sent> send(connection& on, const wire_request& request, steady_time give_up_at) {
    on.stream().expires_at(give_up_at);
    sent out;
    const net::io_status written = co_await on.stream().write_all(request.bytes);
    if (written == net::io_status::timed_out) {
        out.why = reason::timed_out;
        co_return out;
    }
    // A backend may refuse early and close: what it said is read even when the write failed.
    const http::parser_limits limits{.head_bytes = request.head_bytes, .body_bytes = 0};
    auto answer = std::make_unique<response>(limits, request.method);
    const auto enough = [limit = request.commit_bytes](http::response_parser& p) {
        return p.complete() || p.body().size() > limit;
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
