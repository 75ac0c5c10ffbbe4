// Connected sockets on the loopback address, on ports that the system chooses.
#pragma once

#include "garde/net/task.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <sys/socket.h>
#include <utility>
#include <vector>

namespace garde::test {

using acceptor = net::asio::basic_socket_acceptor<net::tcp, net::executor>;

inline net::tcp::endpoint any_port() {
    return {net::asio::ip::address_v4::loopback(), 0};
}

/// The two ends of a TCP connection.
inline std::pair<net::socket, net::socket> connected_pair(net::executor on) {
    acceptor listening(on, any_port());
    net::socket a(on);
    net::socket b(on);
    a.connect(listening.local_endpoint());
    listening.accept(b);
    return {std::move(a), std::move(b)};
}

/// An address where nobody listens.
inline net::tcp::endpoint closed_port(net::executor on) {
    const acceptor listening(on, any_port());
    return listening.local_endpoint();
}

/// An address where connecting never ends: a listener whose queue is full and that accepts nobody.
class black_hole {
  public:
    explicit black_hole(net::executor on) : listening_(on) {
        listening_.open(net::tcp::v4());
        listening_.bind(any_port());
        listening_.listen(0);
        // More than the queue takes, however the kernel counts; it drops what wants to open another
        // connection.
        for (int i = 0; i < 4; ++i) {
            auto& one = fillers_.emplace_back(on);
            one.open(net::tcp::v4());
            one.native_non_blocking(true);
            const auto to = address();
            (void)::connect(one.native_handle(), to.data(), static_cast<socklen_t>(to.size()));
        }
    }
    [[nodiscard]] net::tcp::endpoint address() const { return listening_.local_endpoint(); }

  private:
    acceptor listening_;
    std::vector<net::socket> fillers_;
};

}  // namespace garde::test
