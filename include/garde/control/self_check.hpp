// Asks reference addresses whether this node is connected: a TCP connection to any one of them within the
// timeout. On the control thread.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/socket.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace garde::control {

class self_check {
  public:
    /// Two checks begin at least so long after each other, however often one is asked for.
    static constexpr milliseconds least_pause{50};
    /// Of one reference's addresses no more are asked.
    static constexpr std::size_t most_addresses = 4;

    using on_result = std::function<void(bool reachable)>;

    /// A reference that is a name has no address, and does not answer, until set_addresses() gives it some.
    self_check(net::event_loop& loop, const config::self_check_settings& how, on_result then);

    void start();
    /// Now, or right after the check that is under way.
    void check_now();
    void set_addresses(std::size_t reference, std::vector<net::endpoint> found);
    /// Ends; a check that is under way tells nobody.
    void stop();

  private:
    struct state;
    struct round;
    static net::task<> run(std::shared_ptr<state> with);
    static net::task<> ask(std::shared_ptr<state> with, std::shared_ptr<round> in, net::endpoint whom,
                           steady_time give_up_at);
    std::shared_ptr<state> state_;
};

}  // namespace garde::control
