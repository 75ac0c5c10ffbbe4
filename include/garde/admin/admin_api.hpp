// The operators' API under /v1: reads what the controller knows and orders modes. HTTPS only; each operator
// has a bearer token, of which the configuration holds the hash. GET changes nothing.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/config/load.hpp"
#include "garde/control/controller.hpp"
#include "garde/emergency/ledger.hpp"
#include "garde/journal/checkpoint_state.hpp"
#include "garde/net/page_server.hpp"
#include "garde/proxy/site.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace garde::admin {

/// What became of reading the configuration anew.
struct reload_result {
    enum class verdict : std::uint8_t {
        adopted,  ///< in force
        refused,  ///< the former one stays in force
        busy,     ///< too many wait already, or this is no time for it: nothing was read
    };
    verdict became = verdict::adopted;
    std::string former;                     ///< SHA-256 of the configuration that was in force, hex
    std::string now;                        ///< of the one that was read; empty when it could not be
    std::vector<config::problem> problems;  ///< errors and warnings
};

/// Reads the configuration anew, as ordered by `by`; calls `then` once. On the desk's thread.
using reload_order = std::function<void(std::string by, std::function<void(reload_result)> then)>;

/// Has the journal erase the personal values of records before `before`, once it has written down who ordered
/// it and why; then calls `then`, on any thread: false when that could not be written, and nothing was
/// erased.
using erase_order = std::function<void(wall_time before, const std::string& by, const std::string& reason,
                                       std::function<void(bool recorded)> then)>;

/// On the desk's thread; must live as long as the desk's loop runs. Controller, cache and ledger (null where
/// no request is kept) must end before the desk's loop does: they may hold the requests that wait for its
/// answer.
class admin_api {
  public:
    admin_api(net::event_loop& desk, proxy::site_ptr served, control::controller& control,
              cache::cache_desk& cache, emergency::ledger* ledger = nullptr);
    ~admin_api();
    admin_api(const admin_api&) = delete;
    admin_api& operator=(const admin_api&) = delete;

    /// Who carries out POST /v1/reload; before listen().
    void on_reload(reload_order what);

    /// Who knows how the journal stands, for GET /v1/journal; before listen(). Must not wait.
    void on_journal(std::function<journal::checkpoint_state()> what);
    /// Who carries out POST /v1/journal/erase-names; before listen().
    void on_erase_names(erase_order what);

    /// Serves on this socket from now on; also before the loop runs.
    void listen(net::socket socket);

    /// What is told from now on, of the configuration that it is a view of; that also says who may ask.
    void show(control::view_ptr now);

    /// Answers orders with 503 and these words until take_orders(): they would be lost.
    void refuse_orders(std::string why);
    void take_orders();

    /// Accepts no more connections, and writes down the refused attempts that were only counted so far.
    void stop();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::admin
