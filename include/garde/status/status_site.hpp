// The public status site: what each service does now, the emergency procedures, and the same as JSON.
// Everything is answered from memory: no disk, no store, no backend. It shows no backend, no operator and no
// reason.
#pragma once

#include "garde/base/result.hpp"
#include "garde/control/view.hpp"
#include "garde/net/page_server.hpp"
#include "garde/proxy/site.hpp"

#include <functional>
#include <string>
#include <utility>

namespace garde::status {

/// On the desk's thread; must live as long as the desk's loop runs.
class status_site {
  public:
    status_site(net::event_loop& desk, proxy::site_ptr served);

    /// Where the journal's newest signed checkpoint is; empty while there is none. Asked on the desk's
    /// thread; must not wait.
    void show_checkpoints(std::function<std::string()> newest) { newest_checkpoint_ = std::move(newest); }

    /// Serves on this socket from now on; also before the loop runs.
    void listen(net::socket socket);

    /// What is shown from now on, and of what. Without any view yet, every state is `unknown`.
    void show(control::view_ptr now);

    /// Accepts no more connections.
    void stop() { server_.stop(); }

  private:
    net::task<net::page_reply> answer(const net::page_request& request) const;

    proxy::site_ptr served_;
    control::view_ptr view_;
    std::function<std::string()> newest_checkpoint_;
    net::page_server server_;
};

}  // namespace garde::status
