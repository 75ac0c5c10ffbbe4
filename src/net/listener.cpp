// See listener.hpp.
#include "garde/net/listener.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

#include <sys/socket.h>

namespace garde::net {

result<std::vector<tcp::endpoint>> resolve(const config::endpoint& address) {
    asio::io_context io;
    tcp::resolver resolver(io);
    boost::system::error_code failed;
    const auto found = resolver.resolve(address.host, std::to_string(address.port), failed);
    if (failed) return fail("cannot resolve " + address.host + ": " + failed.message());
    std::vector<tcp::endpoint> out;
    for (const auto& entry : found) out.push_back(entry.endpoint());
    return out;
}

result<std::unique_ptr<listener>> listener::open(event_loop& loop, const config::endpoint& address,
                                                 address_sharing sharing) {
    const auto endpoints = resolve(address);
    if (!endpoints) return std::unexpected(endpoints.error());
    const tcp::endpoint& at = endpoints->front();
    acceptor listening(loop.get_executor());
    boost::system::error_code failed;
    const auto refuse = [&](const char* step) {
        return fail("cannot " + std::string(step) + " " + address.host + ":" + std::to_string(address.port) +
                    ": " + failed.message());
    };
    if (listening.open(at.protocol(), failed); failed) return refuse("open a socket for");
    listening.set_option(asio::socket_base::reuse_address(true), failed);
    if (sharing == address_sharing::shared) {
        const int on = 1;
        ::setsockopt(listening.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (listening.bind(at, failed); failed) return refuse("bind");
    if (listening.listen(asio::socket_base::max_listen_connections, failed); failed)
        return refuse("listen on");
    return std::unique_ptr<listener>(new listener(loop, std::move(listening)));
}

void listener::start(on_connection then) {
    loop_.spawn(accept_all(std::move(then)));
}

void listener::stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
}

tcp::endpoint listener::local_endpoint() const {
    boost::system::error_code ignored;
    return acceptor_.local_endpoint(ignored);
}

task<> listener::accept_all(on_connection then) {
    while (acceptor_.is_open()) {
        boost::system::error_code failed;
        socket accepted(loop_.get_executor());
        co_await acceptor_.async_accept(accepted, asio::redirect_error(use_task, failed));
        if (failed == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
        if (failed) {
            // EMFILE and its like do not go away by asking again at once.
            co_await loop_.wait_until(std::chrono::steady_clock::now() + milliseconds(50));
            continue;
        }
        then(std::move(accepted));
    }
}

}  // namespace garde::net
