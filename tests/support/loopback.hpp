// Connected sockets on the loopback address, on ports that the system chooses.
#pragma once

#include "garde/net/socket.hpp"

#include <stdexcept>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace garde::test {

inline net::endpoint loopback(std::uint16_t port) {
    return *net::endpoint::from_literal("127.0.0.1", port);
}

/// Listens on a port that the system chooses.
inline net::socket listening_socket() {
    auto made = net::listen_at(loopback(0), net::address_sharing::exclusive);
    if (!made) throw std::runtime_error(made.error().message);
    return std::move(*made);
}

/// The two ends of a TCP connection.
inline std::pair<net::socket, net::socket> connected_pair() {
    const net::socket listening = listening_socket();
    const auto at = *net::local_endpoint(listening);
    net::socket a = net::open_tcp(at);
    // Loopback: the kernel completes it before the call returns, or while accept is waited for.
    (void)net::begin_connect(a, at);
    net::socket b;
    while (!b.is_open())
        b = net::socket(::accept4(listening.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    return {std::move(a), std::move(b)};
}

/// An address where nobody listens, and nobody can: as long as the process lives, its port is taken.
inline net::endpoint closed_port() {
    static std::vector<net::socket> taken;
    auto& one = taken.emplace_back(net::open_tcp(loopback(0)));
    const auto any = loopback(0);
    if (::bind(one.native_handle(), any.data(), any.size()) != 0) throw std::runtime_error("cannot bind");
    return *net::local_endpoint(one);
}

/// An address where nobody listens just now, for whoever can only be told where to listen.
inline net::endpoint free_port() {
    return *net::local_endpoint(listening_socket());
}

/// An address where connecting never ends: a listener whose queue is full and that accepts nobody.
class black_hole {
  public:
    black_hole() : listening_(listening_socket()) {
        ::listen(listening_.native_handle(), 0);
        // More than the queue takes, however the kernel counts; it drops what wants to open another
        // connection.
        for (int i = 0; i < 4; ++i) {
            auto& one = fillers_.emplace_back(net::open_tcp(address()));
            (void)net::begin_connect(one, address());
        }
    }
    [[nodiscard]] net::endpoint address() const { return *net::local_endpoint(listening_); }

  private:
    net::socket listening_;
    std::vector<net::socket> fillers_;
};

}  // namespace garde::test
