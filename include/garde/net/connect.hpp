// Makes a TCP connection.
#pragma once

#include "garde/net/event_loop.hpp"
#include "garde/net/socket.hpp"

#include <expected>

namespace garde::net {

/// A connected socket, or the errno that says why not; ETIMEDOUT also when `give_up_at` came first.
task<std::expected<socket, int>> connect(event_loop& loop, endpoint to, steady_time give_up_at);

}  // namespace garde::net
