// See server.hpp.
#include "server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <sys/ioctl.h>
#include <tuple>
#include <type_traits>

namespace sim {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::uint32_t head_limit = 256 * 1024;
constexpr std::uint64_t body_limit = 64 * 1024 * 1024;

template <class Stream>
constexpr bool is_tls = !std::is_same_v<Stream, tcp::socket>;

tcp::socket& tcp_of(tcp::socket& stream) {
    return stream;
}
tcp::socket& tcp_of(asio::ssl::stream<tcp::socket>& stream) {
    return stream.next_layer();
}

/// Keeps a socket in the set of open ones while it lives.
class registration {
  public:
    registration(std::unordered_set<tcp::socket*>& in, tcp::socket& which) : in_(in), which_(&which) {
        in_.insert(which_);
    }
    ~registration() { in_.erase(which_); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

  private:
    std::unordered_set<tcp::socket*>& in_;
    tcp::socket* which_;
};

void reset(tcp::socket& connection) {
    error_code ignored;
    connection.set_option(asio::socket_base::linger(true, 0), ignored);
    connection.close(ignored);
}

/// Waits until the other side's kernel has all that was written: a reset discards the rest.
asio::awaitable<void> drain(tcp::socket& connection) {
    constexpr int most_rounds = 1000;
    asio::steady_timer pause(connection.get_executor());
    for (int round = 0; round < most_rounds; ++round) {
        int unacknowledged = 0;
        if (ioctl(connection.native_handle(), TIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0)
            co_return;
        pause.expires_after(milliseconds(1));
        co_await pause.async_wait(as_values);
    }
}

/// Takes what comes and says nothing, until the other side gives up.
asio::awaitable<void> hang(tcp::socket& connection) {
    std::array<char, 4096> nowhere{};
    for (;;) {
        auto [error, size] = co_await connection.async_read_some(asio::buffer(nowhere), as_values);
        if (error) co_return;
    }
}

/// One request being read: the bytes of the connection that are not used up yet, and the parser over them.
struct incoming {
    std::string buffer;
    std::size_t parsed = 0;  ///< so many bytes of the buffer belong to the current request
};

using parser = http::request_parser<http::string_body>;

/// True when a whole request is there; false when the connection ended or what came is not HTTP.
template <class Stream>
asio::awaitable<bool> read_request(Stream& stream, incoming& from, parser& into) {
    into.eager(true);
    into.header_limit(head_limit);
    into.body_limit(body_limit);
    while (!into.is_done()) {
        if (from.parsed < from.buffer.size()) {
            error_code error;
            from.parsed += into.put(asio::buffer(from.buffer) + from.parsed, error);
            if (error && error != http::error::need_more) co_return false;
            if (into.is_done()) break;
        }
        const auto old_size = from.buffer.size();
        from.buffer.resize(old_size + read_bytes);
        auto [error, size] = co_await stream.async_read_some(
            asio::buffer(from.buffer.data() + old_size, read_bytes), as_values);
        from.buffer.resize(old_size + size);
        if (error) co_return false;
    }
    co_return true;
}

}  // namespace

void server::start(tcp::endpoint at) {
    address_ = at;
    bind();
    address_ = acceptor_.local_endpoint();
    listen();
}

void server::bind() {
    acceptor_.open(address_.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(address_);
}

void server::listen() {
    acceptor_.listen();
    listening_ = true;
    asio::co_spawn(io_, accept_loop(++generation_), asio::detached);
}

/// As if the process had ended; but the port stays bound, so that nobody else takes it meanwhile.
void server::refuse() {
    listening_ = false;
    ++generation_;
    acceptor_.close();
    error_code ignored;
    for (auto* connection : open_) connection->close(ignored);
    bind();
}

void server::faults_changed() {
    const auto now = std::chrono::steady_clock::now();
    const bool refusing = site_.refusing(now);
    if (refusing && listening_) refuse();
    if (!refusing && !listening_) listen();
    next_change_.cancel();
    const auto next = site_.next_refusal_change(now);
    if (!next) return;
    next_change_.expires_at(*next);
    next_change_.async_wait([this](error_code error) {
        if (!error) faults_changed();
    });
}

asio::awaitable<void> server::accept_loop(unsigned generation) {
    while (generation == generation_) {
        auto [error, accepted] = co_await acceptor_.async_accept(as_values);
        if (generation != generation_) co_return;
        if (!error) {
            asio::co_spawn(io_, serve_accepted(std::move(accepted)), asio::detached);
            continue;
        }
        // Out of descriptors, most likely: others must end first.
        asio::steady_timer pause(io_, milliseconds(20));
        co_await pause.async_wait(as_values);
    }
}

asio::awaitable<void> server::serve_accepted(socket accepted) {
    const auto effect = site_.connected(std::chrono::steady_clock::now());
    if (effect == connection_effect::reset) {
        reset(accepted);
        co_return;
    }
    if (effect == connection_effect::hang) {
        const registration registered(open_, accepted);
        co_await hang(accepted);
        co_return;
    }
    error_code ignored;
    accepted.set_option(tcp::no_delay(true), ignored);
    if (tls_ == nullptr) {
        auto stream = std::make_shared<socket>(std::move(accepted));
        co_await serve(std::move(stream));
    } else {
        auto stream = std::make_shared<asio::ssl::stream<socket>>(std::move(accepted), *tls_);
        co_await serve(std::move(stream));
    }
}

template <class Stream>
asio::awaitable<void> server::serve(std::shared_ptr<Stream> stream) {
    const registration registered(open_, tcp_of(*stream));
    if constexpr (is_tls<Stream>) {
        auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::server, as_values);
        if (error) co_return;
    }
    incoming from;
    for (;;) {
        parser into;
        const bool complete = co_await read_request(*stream, from, into);
        if (!complete) co_return;
        const auto& message = into.get();
        const request received{.method = message.method_string(),
                               .target = message.target(),
                               .body = message.body(),
                               .raw = std::string_view(from.buffer).substr(0, from.parsed),
                               .keep_alive = message.keep_alive()};
        auto decided = site_.decide(received, std::chrono::steady_clock::now());
        from.buffer.erase(0, from.parsed);
        from.parsed = 0;
        if (decided.delay > milliseconds(0)) {
            asio::steady_timer pause(io_, decided.delay);
            co_await pause.async_wait(as_values);
        }
        if (!decided.what.bytes.empty()) {
            auto [error, size] =
                co_await asio::async_write(*stream, asio::buffer(decided.what.bytes), as_values);
            if (error) co_return;
        }
        if (decided.what.then != ending::keep) {
            co_await finish(std::move(stream), decided.what.then);
            co_return;
        }
    }
}

template <class Stream>
asio::awaitable<void> server::finish(std::shared_ptr<Stream> stream, ending how) {
    auto& connection = tcp_of(*stream);
    if (how == ending::reset) {
        co_await drain(connection);
        reset(connection);
    } else if (how == ending::hang) {
        co_await hang(connection);
    } else {
        error_code ignored;
        if constexpr (is_tls<Stream>) {
            // The other side may never answer the close_notify.
            asio::steady_timer limit(io_, std::chrono::seconds(1));
            limit.async_wait([stream](error_code error) {
                if (!error) stream->next_layer().close(error);
            });
            co_await stream->async_shutdown(as_values);
        }
        connection.shutdown(tcp::socket::shutdown_send, ignored);
    }
}

}  // namespace sim
