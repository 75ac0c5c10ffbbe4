// Keeps backends' addresses up to date in the background, so that no request ever waits for a name.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/socket.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace garde::control {

/// What names lead to, by HOST:PORT.
using address_book = std::map<std::string, std::vector<net::endpoint>>;
std::string book_key(const config::endpoint& name);

/// What the names of backends and references lead to, as far as the system's resolver says so within `limit`.
/// Waits: not for a thread that serves.
address_book look_up(const config::settings_ptr& of, milliseconds limit);

class resolver {
  public:
    /// Called on the resolver's thread when the addresses of entry `number` changed.
    using on_change = std::function<void(std::size_t number, std::vector<net::endpoint>)>;

    resolver() = default;
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// Resolves each name now and every 30 s. A name that stops resolving keeps its last addresses.
    void start(std::vector<std::pair<std::size_t, config::endpoint>> names, on_change then);

    /// Returns at once; a look-up that hangs in the system's resolver ends on its own and reports to nobody.
    void stop();

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace garde::control
