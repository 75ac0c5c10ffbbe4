// The parts of a serving garde, how they are put together and taken apart: what serve() runs. Internal to the
// module.
#pragma once

#include "garde/admin/admin_api.hpp"
#include "garde/app/server.hpp"
#include "garde/app/service_manager.hpp"
#include "garde/app/watchdog.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/control/controller.hpp"
#include "garde/journal/checkpoint_desk.hpp"
#include "garde/journal/journal.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/signals.hpp"
#include "garde/proxy/admission.hpp"
#include "garde/proxy/byte_budget.hpp"
#include "garde/proxy/site.hpp"
#include "garde/proxy/worker.hpp"
#include "garde/status/status_site.hpp"
#include "garde/store/override_store.hpp"
#include "garde/telemetry/metrics_site.hpp"

#include "predecessor.hpp"
#include "reloader.hpp"
#include "socket_supply.hpp"
#include "successor.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::app {

/// All parts, in the order in which they are made; stop() takes them apart.
class server {
  public:
    server(config::settings_ptr settings, start_as role)
        : settings_(std::move(settings)), role_(role), manager_(service_manager::from_environment()) {}

    result<void> start();
    void run_until_told();
    void stop();

  private:
    // server_stores.cpp
    void open_cache();
    void open_ledger();
    void open_receipt_book();
    void tell_ledger(const control::view& now);
    void make_journal();
    void use_checkpoints(const config::settings& of);

    // server_start.cpp
    result<void> prepare();
    void make_workers();
    continuity::posture_ptr load_overrides();
    void set_limits(const config::settings& of);
    void make_metrics();
    [[nodiscard]] telemetry::load_now load(const config::settings& of) const;
    void start_watchdog();
    void record_progress(const progress_change& what);
    result<void> open_sockets();
    result<std::vector<net::socket>> take(std::string_view name, const config::endpoint& address,
                                          std::size_t count);
    void tell_predecessor();

    // server.cpp
    [[nodiscard]] result<offer> begin_offer();
    result<offer> make_offer();
    void reload(std::string by, std::function<void(admin::reload_result)> then);
    void on_signal(int which);
    void begin_drain(std::string why);
    void announce_ready() const;

    config::settings_ptr settings_;  ///< as started; reloader_ has those in force
    start_as role_;
    service_manager manager_;
    net::event_loop desk_;
    std::unique_ptr<net::signals> signals_;
    std::unique_ptr<inheritance> inherited_;
    socket_supply supply_;  ///< sockets that are there already
    proxy::site_ptr site_;
    std::unique_ptr<cache::cache_desk> cache_;
    std::unique_ptr<emergency::ledger> ledger_;  ///< null where no request is kept to be asked again
    std::unique_ptr<journal::checkpoint_desk> checkpoints_;
    std::unique_ptr<journal::writer> journal_;
    std::unique_ptr<store::override_store> overrides_;
    std::unique_ptr<control::controller> control_;
    std::unique_ptr<emergency::receipt_book> receipts_;
    std::unique_ptr<proxy::admission> admission_;
    std::unique_ptr<proxy::byte_budget> buffers_;
    std::vector<std::unique_ptr<proxy::worker>> workers_;
    std::unique_ptr<status::status_site> status_;
    std::unique_ptr<admin::admin_api> admin_;
    std::unique_ptr<reloader> reloader_;
    std::unique_ptr<telemetry::metrics_site> metrics_;
    std::unique_ptr<watchdog> watchdog_;
    std::vector<offer::named_socket> sockets_;  ///< for a successor; closed when draining begins
    control::view_ptr view_;
    std::unique_ptr<predecessor> predecessor_;
    std::unique_ptr<net::deadline> drain_limit_;
    std::string ending_;  ///< why; empty while serving
    std::size_t draining_ = 0;
};

}  // namespace garde::app
