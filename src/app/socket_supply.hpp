// The sockets that garde did not open itself: from systemd, or from the process that it takes over from.
// Whoever needs one takes it here; what is missing is opened.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/socket.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace garde::app {

/// One thread.
class socket_supply {
  public:
    /// `name` says what it is for (listener, admin, status); without a name its address does.
    void add(std::string name, net::socket socket);

    /// All that the other one has.
    void add(socket_supply&& other);

    /// `count` sockets or more that listen at `address` under `name`: first all that are there, since
    /// connections may wait in each; then new ones, or where the address cannot be opened again shares of
    /// those that are there.
    result<std::vector<net::socket>> take(std::string_view name, const config::endpoint& address,
                                          std::size_t count, net::address_sharing sharing);

    /// The addresses of those that nobody took.
    [[nodiscard]] std::vector<net::endpoint> left() const;

  private:
    struct entry {
        std::string name;
        net::socket socket;
    };
    std::vector<entry> entries_;
};

/// What systemd hands over (sd_listen_fds(3)): from descriptor 3 on, as the environment says, which is
/// cleared. Nothing where it says nothing; an error names a descriptor that is of no use.
result<socket_supply> sockets_from_systemd();

}  // namespace garde::app
