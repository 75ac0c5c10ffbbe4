// Everything that is decided about one service: detectors, mode machine and the operator's order together.
// Pure: events and the time go in, actions come out; control/controller carries them out.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/failure_detector.hpp"
#include "garde/continuity/mode_machine.hpp"
#include "garde/continuity/posture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace garde::continuity {

struct brain_rules {
    detector_rules detector;
    mode_rules modes;
    std::size_t backends = 1;
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

using brain_action = std::variant<publish_posture, record_switchover, record_backend_change, record_verdict,
                                  forget_override, probe_now>;

class service_brain {
  public:
    service_brain(const brain_rules& rules, steady_time now);
    /// Goes on from what another process knew; `rules` are for its list of backends.
    service_brain(const brain_rules& rules, const remembered_service& what);

    // Each event returns what is to be done, in order.
    std::vector<brain_action> probe_passed(steady_time now, backend_index backend);
    std::vector<brain_action> probe_failed(steady_time now, backend_index backend, reason why);
    std::vector<brain_action> traffic_answered(steady_time now, backend_index backend, std::uint64_t count);
    std::vector<brain_action> traffic_failed(steady_time now, backend_index backend, reason why);
    std::vector<brain_action> set_override(steady_time now, override_record order);
    std::vector<brain_action> clear_override(steady_time now, std::string by, std::string reason);
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

  private:
    struct trigger {
        cause why = cause::detection;
        std::string by = "garde";
        std::string reason;
    };
    [[nodiscard]] std::vector<backend_view> views() const;
    [[nodiscard]] std::optional<override_order> order() const;
    [[nodiscard]] record_switchover describe(steady_time now, const placement& from, const trigger& by) const;
    template <class Observe>
    std::vector<brain_action> observe(steady_time now, backend_index backend, Observe&& change);
    void settle(steady_time now, const trigger& by, std::vector<brain_action>& out);
    [[nodiscard]] service_posture present_posture() const;
    void tell_change(steady_time now, const placement& from, const trigger& by,
                     std::vector<brain_action>& out) const;

    std::vector<failure_detector> detectors_;
    mode_machine machine_;
    std::optional<override_record> override_;
    service_posture posture_;
};

}  // namespace garde::continuity
