// See backend.hpp.
#include "backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace garde::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_padding = 12'000;

steady_time in(moment time) {
    return std::chrono::steady_clock::now() + time;
}

std::unique_ptr<net::listener> listen(net::event_loop& loop, std::uint16_t port) {
    auto made =
        net::listen_at(*net::endpoint::from_literal("127.0.0.1", port), net::address_sharing::exclusive);
    if (!made) throw std::runtime_error(made.error().message);
    return net::listener::over(loop, std::move(*made));
}

}  // namespace

backend::backend(net::event_loop& loop, const backend_plan& plan, ledger& book, chance luck,
                 const net::tls_context& tls, moment begun)
    : loop_(loop),
      plan_(plan),
      book_(book),
      luck_(luck),
      tls_(tls),
      begun_(begun),
      listener_(listen(loop, plan.port)) {
    listener_->start([this](net::socket accepted) { loop_.spawn(serve(std::move(accepted))); });
}

moment backend::now() const {
    return kernel::active()->now() - begun_;
}

net::task<> backend::pause(moment time) {
    co_await loop_.wait_until(in(time));
}

net::task<> backend::serve(net::socket accepted) {
    visit with{.stream = {loop_, std::move(accepted), plan_.tls ? tls_.accept_side() : nullptr},
               .buffer = net::input_buffer(),
               .request = http::request_parser({})};
    with.stream.expires_at(in(20s));
    if (co_await with.stream.handshake() != net::io_status::ok) co_return;
    for (int number = 1;; ++number) {
        bool probe = false;
        std::uint64_t reference = 0;
        with.stream.expires_at(in(plan_.patience));
        const bool heard = co_await hear(with, probe, reference);
        if (!heard) break;
        with.stream.expires_at(in(60s));
        const then next = co_await answer(with, probe, reference, number >= plan_.requests_per_connection);
        if (next == then::vanish) co_return with.stream.abort();
        if (next == then::close) break;
    }
    with.stream.close();
}

net::task<bool> backend::hear(visit& with, bool& probe, std::uint64_t& reference) {
    http::request_parser& request = with.request;
    request.reset();
    const auto head_done = [](http::request_parser& p) { return p.head_complete(); };
    const auto head = co_await net::read_until(with.stream, with.buffer, request, head_done);
    if (!head.ok()) co_return false;
    probe = request.head().path == "/probe";
    const std::string_view text = request.head().find("Sim-Reference").value_or("");
    std::from_chars(text.data(), text.data() + text.size(), reference);
    if (!probe) book_.reached(reference, plan_);
    with.stream.expires_at(in(60s));
    const auto all = [](http::request_parser& p) { return p.complete(); };
    const auto rest = co_await net::read_until(with.stream, with.buffer, request, all);
    if (!rest.ok()) co_return false;
    const bool soap_question = request.head().find("Sim-Soap").has_value();
    if (soap_question && request.body() != question_body(reference, request.body().size() -
                                                                        question_body(reference, 0).size()))
        book_.violated(fmt::format("{} was sent a question {} that nobody wrote", plan_.name, reference));
    co_return true;
}

/// What is wrong now with what it would say.
std::optional<malady> backend::ailment(bool probe) {
    for (const auto& one : plan_.troubles)
        if (one.from <= now() && now() < one.until && (probe ? one.in_probes : one.in_traffic) &&
            one.what > malady::resets && luck_.percent(one.percent))
            return one.what;
    return std::nullopt;
}

net::task<backend::then> backend::answer(visit& with, bool probe, std::uint64_t reference, bool last) {
    const auto wrong = ailment(probe);
    co_await pause(luck_.between(moment(0), moment(plan_.longest_work)));
    reply out{.kind = reply_kind::good,
              .reference = reference,
              .backend = plan_.name,
              .padding = probe ? 0 : luck_.below(luck_.percent(80) ? 1'000 : most_padding),
              .soap = probe || with.request.head().find("Sim-Soap").has_value()};
    switch (wrong.value_or(malady::refuses)) {
        case malady::silent: co_await until_left(with); co_return then::vanish;
        case malady::hangs_up: co_return luck_.percent(50) ? then::close : then::vanish;
        case malady::slow: co_await pause(luck_.between(moment(2600ms), moment(6s))); break;
        case malady::garbage:
            co_await with.stream.write_all("220 mail.example ESMTP\r\n");
            co_return then::close;
        case malady::truncated: co_return co_await say(with, out, last, luck_.below(body_of(out).size()));
        case malady::unavailable: out.kind = reply_kind::unavailable; break;
        case malady::faulty: out.kind = reply_kind::fault; break;
        // Where a body means nothing, only the status can.
        case malady::not_xml:
            if (out.soap)
                out.kind = luck_.percent(50) ? reply_kind::nonsense : reply_kind::empty;
            else
                out.kind = reply_kind::unavailable;
            break;
        case malady::lies: --out.reference; break;
        default: break;
    }
    co_return co_await say(with, out, last, std::nullopt);
}

/// `only`: so many bytes of the body, and then no more.
net::task<backend::then> backend::say(visit& with, const reply& what, bool last,
                                      std::optional<std::size_t> only) {
    std::string body = body_of(what);
    const std::size_t size = body.size();
    const auto framing = luck_.below(10);  // 0: until the end of the connection, 1 and 2: chunks
    const bool until_close = framing == 0 && !only;
    std::string text = fmt::format(
        "HTTP/1.1 {} Said\r\nContent-Type: text/xml\r\nSim-Reference: {}\r\nSim-Backend: {}\r\nSim-Kind: "
        "{}\r\n"
        "Sim-Padding: {}\r\n",
        status_of(what.kind), what.reference, what.backend, to_text(what.kind), what.padding);
    if (last && !until_close) text += "Connection: close\r\n";
    if (only) body.resize(std::min(*only, size));
    if (!until_close && framing <= 2 && !only)
        text += "Transfer-Encoding: chunked\r\n\r\n" + in_chunks(body, luck_.between<std::size_t>(50, 2'000));
    else
        text += (until_close ? std::string("\r\n") : fmt::format("Content-Length: {}\r\n\r\n", size)) + body;
    std::string_view left = text;
    while (!left.empty()) {
        const std::size_t piece =
            luck_.percent(85) ? left.size() : luck_.between<std::size_t>(1, left.size());
        const net::io_status put = co_await with.stream.write_all(left.substr(0, piece));
        if (put != net::io_status::ok) co_return then::vanish;
        left.remove_prefix(piece);
        if (!left.empty()) co_await pause(luck_.between(moment(0), moment(5ms)));
    }
    if (only) co_return luck_.percent(50) ? then::close : then::vanish;
    co_return last || until_close ? then::close : then::next;
}

net::task<> backend::until_left(visit& with) {
    std::array<char, 256> dropped{};
    for (;;) {
        const net::io_result got = co_await with.stream.read_some(dropped);
        if (got.status != net::io_status::ok) co_return;
    }
}

}  // namespace garde::sim
