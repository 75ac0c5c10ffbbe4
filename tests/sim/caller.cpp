// See caller.hpp.
#include "caller.hpp"

#include "garde/net/watched_socket.hpp"

#include "../support/pki.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <sys/socket.h>

namespace garde::sim {
namespace {

using namespace std::chrono_literals;

/// So long a caller waits before it calls an answer lost.
constexpr moment patience = 90s;

/// Callers' paths are numbered from here; 0 is the world's other side.
constexpr int first_side = 100;

steady_time in(moment time) {
    return std::chrono::steady_clock::now() + time;
}

net::socket open_from(std::size_t number) {
    const auto from = *net::endpoint::from_literal("127.0.0." + std::to_string(number + 2), 0);
    net::socket out = net::open_tcp(from);
    (void)::bind(out.native_handle(), from.data(), from.size());
    return out;
}

}  // namespace

caller::caller(net::event_loop& loop, const scenario& of, std::size_t number, ledger& book, chance luck,
               const net::tls_context& tls)
    : loop_(loop), of_(of), plan_(of.callers[number]), number_(number), book_(book), luck_(luck), tls_(tls) {}

net::task<> caller::pause(moment time) {
    co_await loop_.wait_until(in(time));
}

net::task<> caller::live() {
    while (!stopped_) {
        co_await pause(luck_.between(moment(0), moment(plan_.longest_pause)));
        if (stopped_) break;
        auto with = co_await connect();
        if (!with) continue;
        for (int left = plan_.requests_per_connection; left > 0 && !stopped_; --left) {
            const bool goes_on = co_await ask(*with);
            if (!goes_on) break;
            co_await pause(luck_.between(moment(0), moment(plan_.longest_pause)));
        }
        with->stream.close();
    }
    done_ = true;
}

/// garde lets in whoever comes: anything else is a violation.
net::task<std::unique_ptr<caller::visit>> caller::connect() {
    kernel& in_kernel = *kernel::active();
    const int side = first_side + static_cast<int>(number_);
    const std::uint16_t port = of_.settings->listener.address.port;
    in_kernel.path(side, port).most_segment = plan_.most_segment;
    net::socket made = open_from(number_);
    in_kernel.set_side(side);
    (void)net::begin_connect(made, *net::endpoint::from_literal("127.0.0.1", port));
    in_kernel.set_side(0);
    {
        net::watched_socket watched(loop_, std::move(made), net::watched_socket::state::unknown);
        co_await watched.wait(net::direction::write);
        made = watched.release();
    }
    auto out = std::unique_ptr<visit>(
        new visit{.stream = {loop_, std::move(made), tls_.connect_side(test::server_name, sessions_)},
                  .buffer = net::input_buffer(),
                  .response = http::response_parser({}, http::request_was::other)});
    out->stream.expires_at(in(5s));
    const net::io_status shaken = co_await out->stream.handshake();
    if (shaken == net::io_status::ok) co_return out;
    book_.violated(fmt::format("caller {} was not let in", number_));
    co_return nullptr;
}

std::string caller::request_for(const question& what, std::string_view path) {
    const std::string body = question_body(what.reference, luck_.below(luck_.percent(85) ? 800 : 20'000));
    const bool chunked = luck_.percent(15);
    return fmt::format("POST {} HTTP/1.1\r\nHost: garde.test\r\nSim-Reference: {}\r\n{}{}{}", path,
                       what.reference, what.soap ? "Sim-Soap: yes\r\n" : "",
                       chunked ? std::string("Transfer-Encoding: chunked\r\n\r\n")
                               : fmt::format("Content-Length: {}\r\n\r\n", body.size()),
                       chunked ? in_chunks(body, luck_.between<std::size_t>(20, 3'000)) : body);
}

/// One question and its answer. False when the connection is of no more use.
net::task<bool> caller::ask(visit& with) {
    question what;
    what.service = luck_.below(of_.services.size());
    const auto& routes = of_.promised->services[what.service].routes;
    const auto& route = luck_.one_of(routes);
    what.replay_safe = route.replay_safe;
    what.soap = route.kind == config::route_kind::soap;
    what.reference = book_.ask(what);
    const std::string text = request_for(what, what.soap ? route.path : "/bare/page");
    with.stream.expires_at(in(patience));
    const bool leaves = luck_.percent(plan_.leaves_percent);
    const std::size_t said = leaves && luck_.percent(50) ? luck_.below(text.size()) : text.size();
    const bool written = co_await write(with, std::string_view(text).substr(0, said));
    book_.sent(what.reference);
    if (written && leaves) {
        co_await pause(luck_.between(moment(0), moment(50ms)));
        with.stream.abort();
        co_return false;
    }
    const bool goes_on = co_await hear(with, what.reference);
    ++ended_;
    co_return goes_on;
}

net::task<bool> caller::write(visit& with, std::string_view text) {
    while (!text.empty()) {
        const std::size_t piece =
            luck_.percent(90) ? text.size() : luck_.between<std::size_t>(1, text.size());
        const net::io_status put = co_await with.stream.write_all(text.substr(0, piece));
        if (put != net::io_status::ok) co_return false;
        text.remove_prefix(piece);
        if (!text.empty()) co_await pause(luck_.between(moment(0), moment(20ms)));
    }
    co_return true;
}

net::task<bool> caller::hear(visit& with, std::uint64_t reference) {
    http::response_parser& response = with.response;
    response.reset(http::request_was::other);
    const auto all = [](http::response_parser& p) { return p.complete(); };
    const auto read = co_await net::read_until(with.stream, with.buffer, response, all);
    const bool whole = read.ok() || (read.status == net::io_status::eof && response.finish());
    if (whole) {
        book_.ended(reference, ending::whole, &response.head(), response.body());
        co_return read.ok() && response.head().keep_alive;
    }
    if (read.refused)
        book_.violated(fmt::format("the answer to {} is no HTTP: {}", reference, read.refused->what));
    const bool begun = response.head_complete() || !with.buffer.available().empty();
    const ending how = read.status == net::io_status::timed_out ? ending::silence
                       : begun                                  ? ending::broken
                                                                : ending::nothing;
    book_.ended(reference, how, nullptr, {});
    co_return false;
}

}  // namespace garde::sim
