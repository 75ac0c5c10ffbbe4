// Accepts connections on one address for one loop. Several loops may share an address (SO_REUSEPORT).
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/event_loop.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <functional>
#include <memory>

namespace garde::net {

/// Whether other sockets of this process may listen on the same address.
enum class address_sharing : std::uint8_t { exclusive, shared };

class listener {
  public:
    using on_connection = std::function<void(socket)>;

    /// Binds and listens at once, on the first address that the host resolves to; accepts from start() on.
    static result<std::unique_ptr<listener>> open(event_loop& loop, const config::endpoint& address,
                                                  address_sharing sharing);

    /// Accepts until stop(). When the process has no descriptors left it pauses for 50 ms instead of
    /// spinning.
    void start(on_connection then);
    void stop();

    [[nodiscard]] tcp::endpoint local_endpoint() const;

  private:
    using acceptor = asio::basic_socket_acceptor<tcp, executor>;
    listener(event_loop& loop, acceptor listening) : loop_(loop), acceptor_(std::move(listening)) {}
    task<> accept_all(on_connection then);

    event_loop& loop_;
    acceptor acceptor_;
};

/// The addresses of host and port; asks the system's resolver, so it may wait: at start-up and on its own
/// thread only.
result<std::vector<tcp::endpoint>> resolve(const config::endpoint& address);

}  // namespace garde::net
