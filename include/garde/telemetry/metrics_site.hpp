// The metrics' listener: plain HTTP, GET /metrics, on the desk. The values are gathered when they are asked
// for, by reading what the workers count.
#pragma once

#include "garde/base/result.hpp"
#include "garde/control/view.hpp"
#include "garde/emergency/ledger.hpp"
#include "garde/net/page_server.hpp"
#include "garde/proxy/worker_counters.hpp"
#include "garde/telemetry/metrics_page.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace garde::telemetry {

/// On the desk's thread; must live as long as the desk's loop runs.
class metrics_site {
  public:
    /// What it reads; all of it outlives the site and may be read by any thread.
    struct sources {
        std::function<std::vector<std::shared_ptr<const proxy::counted_site>>()>
            counted;                                             ///< by every worker
        std::function<load_now(const config::settings&)> load;   ///< of these services; may be empty
        std::function<std::vector<worker_health>()> workers;     ///< may be empty
        std::function<caller::assertion_counts()> assertions{};  ///< may be empty
        std::function<cache::cache_totals()> cache{};            ///< may be empty
        /// May be empty; nothing where answers are kept in memory only.
        std::function<std::optional<cache::tier_totals>()> cache_store{};
        /// May be empty; nothing where no request is kept to be asked again.
        std::function<std::optional<emergency::ledger_totals>()> ledger{};
        std::function<journal::checkpoint_state()> checkpoints{};  ///< may be empty
    };

    metrics_site(net::event_loop& desk, sources from);

    /// Serves on this socket from now on; also before the loop runs.
    void listen(net::socket listening) { server_.listen(std::move(listening), std::nullopt); }

    /// What is shown of modes and verdicts from now on.
    void show(control::view_ptr now) { view_ = std::move(now); }

    /// Accepts no more connections.
    void stop() { server_.stop(); }

  private:
    net::task<net::page_reply> answer(const net::page_request& request) const;
    [[nodiscard]] std::string gather() const;

    sources from_;
    wall_time started_;
    control::view_ptr view_;
    net::page_server server_;
};

/// Answers one request; `gather` is called for GET and HEAD of /metrics only.
net::page_reply answer_metrics(std::string_view method, std::string_view path,
                               const std::function<std::string()>& gather);

}  // namespace garde::telemetry
