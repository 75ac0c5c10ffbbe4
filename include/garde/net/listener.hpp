// Accepts connections on one address for one loop. Several loops may share an address (SO_REUSEPORT).
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/watched_socket.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace garde::net {

class listener {
  public:
    using on_connection = std::function<void(socket)>;

    /// Binds and listens at once, on the first address that the host resolves to; accepts from start() on.
    static result<std::unique_ptr<listener>> open(event_loop& loop, const config::endpoint& address,
                                                  address_sharing sharing);

    /// Over a socket that listens already.
    static std::unique_ptr<listener> over(event_loop& loop, socket listening);

    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    /// Accepts until stop(). When the process has no descriptors left it pauses for 50 ms instead of
    /// spinning.
    void start(on_connection then);
    /// Takes what the kernel has queued here already, then closes. Whoever shares the queue goes on
    /// accepting.
    void stop();

    [[nodiscard]] endpoint local_endpoint() const;
    /// The descriptor it listens on; closed by stop().
    [[nodiscard]] int descriptor() const;

  private:
    struct listening;
    explicit listener(std::shared_ptr<listening> state) : state_(std::move(state)) {}
    static task<> accept_all(std::shared_ptr<listening> from);
    void close();

    std::shared_ptr<listening> state_;  ///< shared with the coroutine that accepts
};

/// The addresses of host and port; asks the system's resolver, so it may wait: at start-up and on its own
/// thread only.
result<std::vector<endpoint>> resolve(const config::endpoint& address);

}  // namespace garde::net
