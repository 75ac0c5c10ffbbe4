// One run: the real controller and workers in the middle, simulated backends, callers and operators around
// them, all turned by one thread on a simulated kernel.
#pragma once

#include "garde/control/controller.hpp"
#include "garde/proxy/worker.hpp"

#include "backend.hpp"
#include "caller.hpp"
#include "ledger.hpp"
#include "office.hpp"
#include "scenario.hpp"
#include "trace.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::sim {

struct outcome {
    std::vector<std::string> violations;
    std::uint64_t hash = 0;
    std::uint64_t asked = 0;
    std::uint64_t answered_by_backends = 0;
    std::uint64_t answered_by_garde = 0;
    std::uint64_t saved = 0;  ///< see ledger::saved()
    std::size_t switchovers = 0;
    std::uint64_t turns = 0;
};

/// Runs it to its end.
outcome run(const scenario& what);

class world {
  public:
    explicit world(const scenario& what);
    world(const world&) = delete;
    world& operator=(const world&) = delete;
    ~world();

    outcome run();

  private:
    /// A loop of garde's or the one of everything else.
    struct turned {
        net::event_loop* loop = nullptr;
        int side = 0;
        moment asleep_until{};
    };

    // world.cpp: how time passes
    void turn_until(moment end, const std::function<bool()>& finished);
    void settle();
    bool turn_all();
    [[nodiscard]] moment next_moment() const;
    [[nodiscard]] moment now() const { return kernel_.now() - begun_; }

    // world.cpp: the run
    void begin();
    void recover();
    void prove_primary();
    void end();

    // events.cpp: what happens in it
    void build_garde();
    void build_outside();
    void plan_events();
    void apply_troubles(const backend_plan& of);
    void order(const order_plan& what);
    void reload();
    void look_at_postures();
    void compare_with_journal();
    void compare_clock_with_journal();
    void check_empty();

    const scenario& plan_;
    kernel kernel_;
    chance luck_;
    moment begun_;
    trace trace_;
    ledger book_;
    paper_journal journal_;
    paper_store store_;
    std::optional<net::tls_context> backend_tls_;
    std::optional<net::tls_context> caller_tls_;
    std::optional<proxy::admission> admits_;
    proxy::byte_budget buffers_{std::size_t{1} << 30};
    std::optional<control::controller> control_;
    std::vector<std::unique_ptr<proxy::worker>> workers_;
    std::vector<std::unique_ptr<backend>> backends_;
    std::vector<std::unique_ptr<caller>> callers_;
    std::optional<net::event_loop> outside_;
    std::vector<turned> loops_;  ///< the workers, the controller, and the world outside
    std::vector<std::size_t> order_;
    control::view_ptr view_;
    std::vector<std::vector<std::vector<std::string>>> modes_seen_;  ///< by worker and service
    std::size_t orders_open_ = 0;
    std::size_t drained_ = 0;
    std::uint64_t turns_ = 0;
    std::uint64_t turns_this_second_ = 0;
    std::int64_t second_ = 0;
};

}  // namespace garde::sim
