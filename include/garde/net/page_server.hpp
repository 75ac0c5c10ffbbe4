// Serves garde's own pages (status, admin) on one address: a listener, TLS where there is some, a bound on
// open connections.
#pragma once

#include "garde/net/http_io.hpp"
#include "garde/net/listener.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace garde::net {

class page_server {
  public:
    /// `handler` is called on the loop's thread, by connections that live as long as the loop runs: what it
    /// refers to must live so long too.
    page_server(event_loop& loop, page_handler handler) : loop_(loop), handler_(std::move(handler)) {}

    /// Binds, and accepts from now on; plain HTTP without `tls`. Holds as many connections at a time as
    /// page_connections says of the process's limit as it is now; further ones are closed at once. On the
    /// loop's thread, or before it runs.
    result<void> listen(const config::endpoint& address, std::optional<tls_context> tls);

    /// The same on a socket that listens already.
    void listen(socket listening, std::optional<tls_context> tls);

    /// New connections speak this from now on; plain HTTP without it. On the loop's thread.
    void use(std::optional<tls_context> tls) { tls_ = std::move(tls); }

    /// Accepts no more; open connections end by themselves. On the loop's thread, or after it ran.
    void stop();

  private:
    struct place {};
    void accept(socket accepted);

    event_loop& loop_;
    page_handler handler_;
    std::size_t bound_ = 0;
    std::optional<tls_context> tls_;
    std::unique_ptr<listener> listener_;
    /// Every open connection holds a share of it, so that its use count is their number and one.
    std::shared_ptr<const place> places_ = std::make_shared<const place>();
};

}  // namespace garde::net
