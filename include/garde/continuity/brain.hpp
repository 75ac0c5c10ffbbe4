// Everything that is decided about one service: detectors, mode machine and the operator's order together.
// Pure: events and the time go in, actions come out; control/controller carries them out.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/domain_watch.hpp"
#include "garde/continuity/failure_detector.hpp"
#include "garde/continuity/latency_profile.hpp"
#include "garde/continuity/mode_machine.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/procedure_flag.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace garde::continuity {

struct backend_rules {
    detector_rules detector;
    fault_domains domains;
    bool deep_probe = false;  ///< a passing probe shows that it works as a whole
};

struct brain_rules {
    std::vector<backend_rules> backends;  ///< the primary first
    mode_rules modes;
    procedure_rules procedure;
    milliseconds domain_window{30'000};  ///< failures that are no further apart count as one
    int slow_factor = 5;                 ///< an answer that takes so many times the usual is slow; 0: none is
    bool try_anyway =
        false;           ///< when all are down, a request that the cache cannot answer is tried all the same
    bool hedge = false;  ///< the next backend is asked too when the first takes longer than is usual
    bool references = false;  ///< there are reference addresses: see network_seen()
};

/// An order with who, why and until when.
struct override_record {
    override_order order;
    std::string by;
    std::string reason;
    std::optional<steady_time> until;
};

/// What made the mode change.
enum class cause : std::uint8_t {
    detection,         ///< backends went down
    recovery,          ///< a hold-down ended
    override_set,      ///< an operator's order
    override_cleared,  ///< an operator took his order back
    override_expired,  ///< its time was over
    reconfigured,      ///< a new configuration has no longer what the mode rested on, or calls it otherwise
};
std::string_view to_text(cause value);

/// Another configuration for a service that goes on.
struct reconfiguration {
    brain_rules rules;
    /// For each backend of the new list its place in the former one; nothing for one that is new.
    std::vector<std::optional<backend_index>> former_places;
    std::string by;      ///< who had it read
    std::string reason;  ///< in words, for the record
};

/// What another process knew of a service.
struct remembered_backend {
    verdict state = verdict::unknown;
    steady_time since{};
    reason last_reason = reason::none;
};
struct remembered_service {
    std::vector<remembered_backend> backends;
    std::optional<backend_index> active;  ///< what the mode rested on
    steady_time since{};                  ///< of the mode
    std::optional<procedure_left_open> procedure{};
};

/// What was known of one backend when the mode changed.
struct backend_evidence {
    backend_index backend{};
    verdict state = verdict::unknown;
    evidence observed;
};

/// Workers must serve from this from now on.
struct publish_posture {
    service_posture value;
};

/// The mode changed: to be written down.
struct record_switchover {
    placement from;
    placement to;
    cause why = cause::detection;
    std::string by;      ///< the operator, or `garde`
    std::string reason;  ///< the operator's words; empty for automatic ones
    steady_time first_symptom{};
    steady_time detected{};  ///< when the verdict, the end of the hold-down, or the order was there
    steady_time decided{};
    std::uint64_t requests_touched = 0;
    std::vector<backend_evidence> evidence;  ///< of every backend
};

/// Within `backup`, another backend took over.
struct record_backend_change {
    backend_index from{};
    backend_index to{};
};

/// A backend went down or came up.
struct record_verdict {
    backend_index backend{};
    verdict from = verdict::unknown;
    verdict to = verdict::unknown;
    evidence observed;
};

/// The order's time was over: forget it in the store too.
struct forget_override {};

/// Probe this backend now instead of at its next turn.
struct probe_now {
    backend_index backend{};
};

/// The emergency procedure was opened or closed for the public.
struct record_procedure {
    bool open = false;
    std::string by;      ///< the operator, or `garde`
    std::string reason;  ///< the operator's words
};

/// The bound on changes of mode is reached, or there is room again.
struct record_freeze {
    bool frozen = false;
};

/// Questions to one insurer fail at this backend while others are answered; or no longer.
struct record_insurer {
    backend_index backend{};
    insurer asked = insurer::unknown;
    bool failing = false;
};

/// Backends that share this failed together; or the suspicion is over.
struct record_domain {
    std::string kind;
    std::string name;  ///< empty: of those that do not say
    bool suspect = false;
};

using brain_action =
    std::variant<publish_posture, record_switchover, record_backend_change, record_verdict, forget_override,
                 probe_now, record_procedure, record_freeze, record_insurer, record_domain>;

/// Why things are as they are: for operators.
struct backend_explanation {
    verdict state = verdict::unknown;
    steady_time since{};
    evidence observed;
    /// Suspect domains that it shares, and has not shown since that it works all the same.
    std::vector<suspected_domain> doubts;
    bool needs_trial = false;
    bool trial_offered = false;  ///< to the next request that may be sent twice
    int trials_passed = 0;
    std::optional<steady_time> next_trial;
    std::optional<steady_time> trials_waived_at;  ///< nobody came by to try: then its probes are enough
    int probes_passed = 0;                        ///< in a row
    std::optional<steady_time> ejected_until;
    std::optional<milliseconds> usual;  ///< what half of its answers take at most
    std::optional<insurer> insurer_failing;
    detector_rules rules;
};
struct explanation {
    placement now;
    steady_time since{};
    std::optional<record_switchover> last;  ///< what brought the mode
    std::vector<backend_explanation> backends;
    std::vector<backend_index> attempts;         ///< whom a request asks, in this order
    std::optional<backend_index> last_chance{};  ///< whom it asks when the cache has nothing either
    std::vector<suspected_domain> suspects;
    std::optional<way_back> back;     ///< to a better backend that is up
    std::optional<canary> returning;  ///< its share, once its hold-down is over
    int admitted_percent = 100;
    std::optional<steady_time> share_until;  ///< the present share, of either kind
    milliseconds hold_down{};                ///< before the present mode is left for a better one
    int relapses = 0;
    std::optional<steady_time> frozen_until;
    bool cut_off = false;                    ///< no reference address answers
    std::optional<placement> without_order;  ///< what the mode would become if the order ended now
    bool procedure_active = false;
    std::optional<steady_time> procedure_since;   ///< with procedure_active
    std::optional<steady_time> procedure_closes;  ///< by itself
    std::optional<steady_time> next_due;
    mode_rules rules;
};

class service_brain {
  public:
    service_brain(const brain_rules& rules, steady_time now);
    /// Goes on from what another process knew; `rules` are for its list of backends.
    service_brain(const brain_rules& rules, const remembered_service& what);

    // Each event returns what is to be done, in order.
    std::vector<brain_action> probe_passed(steady_time now, backend_index backend);
    std::vector<brain_action> probe_failed(steady_time now, backend_index backend, reason why);
    std::vector<brain_action> traffic_answered(steady_time now, backend_index backend, const answers& what);
    std::vector<brain_action> traffic_showed(steady_time now, backend_index backend, const sighting& what);
    /// Whether a reference address answered. While none does, and no backend either, this node is the one
    /// that is cut off: what fails then takes nobody down, and is forgotten afterwards.
    std::vector<brain_action> network_seen(steady_time now, bool reachable);
    std::vector<brain_action> set_override(steady_time now, override_record order);
    std::vector<brain_action> clear_override(steady_time now, std::string by, std::string reason);
    std::vector<brain_action> open_procedure(steady_time now, std::string by, std::string reason);
    std::vector<brain_action> close_procedure(steady_time now, std::string by, std::string reason);
    /// It was open before a restart.
    std::vector<brain_action> resume_procedure(steady_time now, const procedure_left_open& left);
    /// Verdicts, ejections, hold-downs, dwell times and the operator's order stay with the backends and the
    /// service that they are of; a new backend is unknown and therefore eligible. The posture afterwards
    /// belongs to the new list and goes out with it: no action publishes it. In what is returned, `from`
    /// counts in the former list, everything else in the new one.
    std::vector<brain_action> adopt(steady_time now, const reconfiguration& what);
    /// To be called at next_due() at the latest.
    std::vector<brain_action> tick(steady_time now);

    [[nodiscard]] std::optional<steady_time> next_due() const;
    [[nodiscard]] const service_posture& posture() const { return posture_; }
    [[nodiscard]] const mode_machine& modes() const { return machine_; }
    [[nodiscard]] const failure_detector& detector(backend_index backend) const {
        return detectors_[to_number(backend)];
    }
    [[nodiscard]] const std::optional<override_record>& override_in_force() const { return override_; }
    [[nodiscard]] bool procedure_active() const { return procedure_.active(); }
    [[nodiscard]] steady_time procedure_since() const { return procedure_.since(); }
    /// An operator opened it.
    [[nodiscard]] bool procedure_ordered() const { return procedure_.ordered(); }
    [[nodiscard]] const domain_watch& domains() const { return domains_; }
    /// How long until the primary has its traffic back, at most, when every backend works from now on, each
    /// is probed at least once in `every`, and nobody gives an order.
    [[nodiscard]] milliseconds recovery_bound(steady_time now, milliseconds every) const;
    [[nodiscard]] explanation explain(steady_time now) const;

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    struct trigger {
        cause why = cause::detection;
        std::string by = "garde";
        std::string reason;
    };
    [[nodiscard]] std::vector<backend_view> views(steady_time now) const;
    [[nodiscard]] std::optional<override_order> order() const;
    [[nodiscard]] surroundings around(std::size_t backend) const;
    [[nodiscard]] record_switchover describe(steady_time now, const placement& from, const trigger& by) const;
    template <class Observe>
    std::vector<brain_action> observe(steady_time now, backend_index backend, Observe&& change);
    void tell_verdict(backend_index backend, verdict before, const evidence& known,
                      std::vector<brain_action>& out);
    void settle(steady_time now, const trigger& by, std::vector<brain_action>& out);
    void watch_domains(steady_time now, std::vector<brain_action>& out);
    void watch_insurers(steady_time now, std::vector<brain_action>& out);
    void offer_trials(steady_time now);
    [[nodiscard]] std::optional<steady_time> wants_trial(std::size_t backend) const;
    [[nodiscard]] std::optional<steady_time> trial_due(std::size_t backend) const;
    void learn(std::size_t backend, const answers& what);
    [[nodiscard]] service_posture present_posture(const std::vector<backend_view>& seen) const;
    [[nodiscard]] backend_explanation explain_backend(steady_time now, backend_index backend) const;
    void tell_change(steady_time now, const placement& from, const trigger& by,
                     std::vector<brain_action>& out);

    brain_rules rules_;
    std::vector<failure_detector> detectors_;
    std::vector<latency_profile> latencies_;
    std::vector<milliseconds> slow_above_;
    std::vector<milliseconds> hedge_after_;
    std::vector<std::optional<steady_time>> proven_;  ///< by a deep probe
    std::vector<std::optional<insurer>> insurers_;    ///< told to be failing
    domain_watch domains_;
    mode_machine machine_;
    procedure_flag procedure_;
    std::optional<override_record> override_;
    std::optional<steady_time> network_seen_;
    bool cut_off_ = false;
    bool frozen_ = false;  ///< as told
    std::optional<trial_ticket> ticket_;
    std::uint64_t tickets_ = 0;
    steady_time next_ticket_{};
    std::optional<record_switchover> last_;
    service_posture posture_;
};

}  // namespace garde::continuity
