// The operators' API under /v1: reads what the controller knows and orders modes. HTTPS only; each operator
// has a bearer token, of which the configuration holds the hash. GET changes nothing.
#pragma once

#include "garde/base/result.hpp"
#include "garde/control/controller.hpp"
#include "garde/net/page_server.hpp"
#include "garde/proxy/site.hpp"

#include <memory>

namespace garde::admin {

/// On the desk's thread; must live as long as the desk's loop runs. The controller must end before the desk's
/// loop does: it may hold the requests that wait for its answer.
class admin_api {
  public:
    admin_api(net::event_loop& desk, const proxy::site& served, control::controller& control);
    ~admin_api();
    admin_api(const admin_api&) = delete;
    admin_api& operator=(const admin_api&) = delete;

    /// Binds [admin] address and serves from now on; also before the loop runs.
    result<void> listen();

    void show(control::view_ptr now);

    /// Accepts no more connections, and writes down the refused attempts that were only counted so far.
    void stop();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::admin
