// The control thread: feeds outcomes and probe results to each service's brain and carries out what it
// decides: postures to the workers, switchovers to the journal, overrides to the store, a view for everybody
// else. It decides nothing itself.
#pragma once

#include "garde/continuity/brain.hpp"
#include "garde/continuity/network_watch.hpp"
#include "garde/continuity/probe_agreement.hpp"
#include "garde/control/exercise_book.hpp"
#include "garde/control/explanation.hpp"
#include "garde/control/memory.hpp"
#include "garde/control/prober.hpp"
#include "garde/control/resolver.hpp"
#include "garde/control/self_check.hpp"
#include "garde/control/view.hpp"
#include "garde/control/vigil.hpp"
#include "garde/journal/journal.hpp"
#include "garde/journal/stamped_sink.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/proxy/site.hpp"
#include "garde/proxy/worker.hpp"
#include "garde/store/override_store.hpp"

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace garde::control {

/// What an operator orders. `pinned` absent: back to automatic.
struct mode_request {
    std::string service;
    std::optional<continuity::override_mode> pinned;
    bool strict = false;
    std::string by;
    std::string reason;
    std::optional<wall_time> until;
};

/// What became of it.
struct mode_result {
    bool known_service = true;
    bool stored = false;  ///< survives a restart
    std::string store_error;
};

/// The emergency procedure by order.
struct procedure_request {
    std::string service;
    bool open = false;
    std::string by;
    std::string reason;
};

struct procedure_result {
    bool known_service = true;
    bool changed = false;  ///< it was not so already
    bool stored = false;   ///< survives a restart
    std::string store_error;
};

/// Emergency mode as an exercise. To end, only the service, who and why of `ordered` count: all of its
/// exercises end.
struct exercise_request {
    bool begin = false;
    exercise_order ordered;
};

struct exercise_result {
    bool known_service = true;
    bool too_many = false;              ///< exercise_book::most_of_a_service are under way
    std::vector<exercise_run> changed;  ///< the one that began, or those that ended
};

/// How an exercise came to its end.
struct exercise_end {
    std::string cause;     ///< order, time, configuration, stop
    std::string by{};      ///< empty: garde
    std::string reason{};  ///< of an order
};

class controller {
  public:
    static constexpr std::size_t report_bound =
        65'536;  ///< outcome reports on their way; further ones are dropped
    static constexpr milliseconds effect_wait{
        100};  ///< how long a record waits for the workers' acknowledgement
    static constexpr milliseconds adopt_wait{
        2'000};  ///< how long who adopts a configuration waits for the workers' acknowledgement
    static constexpr milliseconds announce_wait{200};  ///< how long an announcement waits for the disk
    static constexpr milliseconds store_wait{1'000};   ///< how long an operator waits for the disk

    controller(proxy::site_ptr served, journal::sink& journal, store::override_store& overrides);
    ~controller();
    controller(const controller&) = delete;
    controller& operator=(const controller&) = delete;

    // Before start():
    /// Goes on from what another process knew. Services and backends are matched as in adopt(). First of all.
    void remember(const std::vector<service_memory>& what);
    /// The first posture: every backend unknown and therefore eligible, the overrides that were kept in
    /// force.
    continuity::posture_ptr first_posture(const std::vector<store::stored_override>& kept);
    void serve(std::vector<proxy::worker*> workers) { workers_ = std::move(workers); }
    /// Addresses that are known already, so that nobody waits for the first look-up.
    void know(address_book names) { known_ = std::move(names); }
    /// Called with each new view, on the control thread.
    void tell(std::function<void(view_ptr)> listener) { tell_ = std::move(listener); }
    /// What else is an alarm to be recorded, by name; asked twice a second, on the control thread.
    void watch(std::function<std::vector<std::string>()> alarms) { vigil_.watch(std::move(alarms)); }
    /// Controls from now on, as whoever calls this turns loop(): for a simulation, where one thread turns all
    /// loops.
    void begin();
    /// The same on a thread of its own.
    void start();
    [[nodiscard]] net::event_loop& loop() { return loop_; }

    // Any thread:
    void report(const proxy::outcome_report& what);
    void order(mode_request what, std::function<void(mode_result)> then);
    /// Opens or closes the emergency procedure for the public. Calls `then` on the control thread.
    void order(procedure_request what, std::function<void(procedure_result)> then);
    /// Begins an exercise, or ends a service's. Calls `then` on the control thread.
    void order(exercise_request what, std::function<void(exercise_result)> then);
    /// Why the service is as it is. Calls `then` on the control thread; with nothing when it is not
    /// configured.
    void explain(std::string service, std::function<void(std::optional<service_explanation>)> then);
    /// Overrides that the store gave later than first_posture(): in force from now on, except where an
    /// operator has ordered something meanwhile.
    void resume(std::vector<store::stored_override> kept);
    /// Serves another configuration from now on. Services are the same by their names, backends by name and
    /// address: what is known of them stays. `names` are addresses looked up for it; `by` is who had it read.
    /// Calls `then` on the control thread when all workers serve it, or after adopt_wait.
    void adopt(proxy::site_ptr next, address_book names, std::string by, std::function<void()> then);
    /// Procedures that were open before a restart: open again, except where an operator has ordered something
    /// meanwhile.
    void resume(std::vector<store::stored_procedure> kept);
    /// Into the journal, with the hash of the configuration that is in force here.
    void write(journal::record what, journal::on_durable then = {}) {
        journal_.append(std::move(what), std::move(then));
    }
    /// Runs it on the control thread: how the watchdog sees that the thread makes progress.
    void post(std::function<void()> what) { loop_.post(std::move(what)); }
    void stop();

  private:
    struct announced {
        continuity::mode current = continuity::mode::primary;
        wall_time since{};
        durability recorded = durability::durable;
        std::uint64_t number = 0;     ///< of the latest switchover, counted per service
        std::uint64_t announced = 0;  ///< of the switchover that is shown
        std::optional<wall_time>
            in_effect{};  ///< of the latest switchover; nothing until all workers serve it
    };
    struct service {
        std::string name;
        continuity::service_brain brain;
        std::vector<prober> probers;
        std::vector<std::optional<prober>> shallow_probers;   ///< by backend, where there is one
        std::vector<continuity::probe_agreement> agreements;  ///< by backend
        announced shown;
        std::optional<override_view> order;
        bool ordered = false;            ///< an operator has said something since the start
        bool procedure_ordered = false;  ///< the same of the procedure
    };
    /// A switchover on its way to the journal: waits for the workers, then for the disk.
    struct switching {
        std::optional<std::size_t> service;  ///< nothing when it is configured no longer
        std::uint64_t number = 0;
        std::uint64_t version = 0;  ///< of the posture that brings it
        journal::record record;
        wall_time decided{};
        continuity::mode current = continuity::mode::primary;
        std::size_t workers_to_go = 0;
        std::unique_ptr<net::deadline> effect_limit;
        std::unique_ptr<net::deadline> announce_limit;
        bool written = false;
        bool announced = false;
        bool settled = false;  ///< the disk has said its word
    };

    /// A configuration on its way to the workers.
    struct adoption {
        std::uint64_t version = 0;
        std::size_t workers_to_go = 0;
        std::function<void()> then;
    };

    void carry_out(std::size_t index, const std::vector<continuity::brain_action>& actions);
    void carry_out(std::size_t index, const continuity::publish_posture& what);
    void carry_out(std::size_t index, const continuity::record_switchover& what);
    void carry_out(std::size_t index, const continuity::record_backend_change& what);
    void carry_out(std::size_t index, const continuity::record_verdict& what);
    void carry_out(std::size_t index, const continuity::forget_override& what);
    void carry_out(std::size_t index, const continuity::probe_now& what);
    void carry_out(std::size_t index, const continuity::record_procedure& what);
    void carry_out(std::size_t index, const continuity::record_freeze& what);
    void carry_out(std::size_t index, const continuity::record_insurer& what);
    void carry_out(std::size_t index, const continuity::record_domain& what);
    void publish();
    [[nodiscard]] continuity::posture_ptr present_posture() const;
    void begin_switchover(std::size_t index, const config::service_settings& former,
                          const continuity::record_switchover& what);
    void worker_in_effect(std::uint64_t version);
    void in_effect(switching& one);
    void write_switchover(switching& one, std::string in_effect);
    void announce(switching& one, durability recorded);
    void drop_finished();
    void apply_order(const mode_request& what, std::function<void(mode_result)> then);
    void store_order(const mode_request& what, std::function<void(mode_result)> then);
    void apply_order(const procedure_request& what, std::function<void(procedure_result)> then);
    void apply_order(const exercise_request& what, const std::function<void(exercise_result)>& then);
    void write_ended(const std::vector<exercise_run>& which, const exercise_end& how);
    void end_due_exercises();
    void end_foreign_exercises(const std::string& by);
    [[nodiscard]] std::vector<std::vector<continuity::exercise_ptr>> present_exercises() const;
    void store_procedure(std::size_t index, const std::string& by, const std::string& reason,
                         store::on_stored then);
    store::on_stored within_patience(std::function<void(result<void>)> then);
    [[nodiscard]] service make_service(std::size_t index) const;
    void make_probers(std::size_t index);
    void start_probing();
    void set_addresses(std::size_t index, continuity::backend_index backend,
                       const std::vector<net::endpoint>& found);
    void apply_site(proxy::site_ptr next, address_book names, const std::string& by);
    void move_switchings(const std::vector<service>& former);
    void drop_order(const service& gone);
    void remember(service& in, const config::service_settings& settings, const service_memory& what);
    void adopted();
    void on_probe(std::size_t index, continuity::backend_index backend, continuity::reason result);
    void set_paces(std::size_t index);
    void start_self_check();
    void on_self_check(bool reachable);
    void on_reached();
    void note_network(std::optional<continuity::connection> changed);
    void set_reference(std::size_t reference, const std::vector<net::endpoint>& found);
    void on_shallow_probe(std::size_t index, continuity::backend_index backend, continuity::reason result);
    void take_agreements(std::size_t index, const service& former,
                         const std::vector<std::optional<continuity::backend_index>>& places);
    void note_agreement(std::size_t index, continuity::backend_index backend,
                        std::optional<continuity::agreement> changed);
    void tick();
    void schedule_tick();
    void tell_view();
    void write_changes(const proxy::site& former, const std::string& by);
    [[nodiscard]] std::vector<continuity::brain_action> resume_order(service& of,
                                                                     const store::stored_override& kept);
    [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
    [[nodiscard]] const config::service_settings& settings_of(std::size_t index) const;

    proxy::site_ptr served_;
    std::uint64_t epoch_ = 0;  ///< of served_
    address_book known_;
    journal::stamped_sink journal_;
    store::override_store& overrides_;
    net::event_loop loop_;
    net::mailbox reports_;
    std::vector<proxy::worker*> workers_;
    std::function<void(view_ptr)> tell_;
    std::vector<service> services_;
    std::list<switching> switching_;
    exercise_book exercises_;
    std::optional<adoption> adoption_;
    std::uint64_t version_ = 0;
    net::deadline tick_;
    net::deadline drop_;
    net::deadline adopted_;
    vigil vigil_;
    bool journal_failing_ = false;  ///< as told
    std::optional<self_check> self_check_;
    continuity::network_watch network_;
    resolver resolver_;
    std::jthread thread_;
};

}  // namespace garde::control
