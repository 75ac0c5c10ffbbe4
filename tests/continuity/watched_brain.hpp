// A brain under virtual time, watched: after each event what it did and told is held against the rules that
// must hold whatever happens. What was told must add up to what is, so that each change has its record and no
// record is without a change. For explorations and long random lives.
#pragma once

#include "garde/continuity/brain.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace garde::continuity {

inline backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

class watched_brain {
  public:
    watched_brain(const brain_rules& rules, steady_time now);

    void probe(std::size_t backend, bool passes);
    void answered(std::size_t backend);
    void shows(std::size_t backend, const sighting& what);
    void network(bool reachable);
    void order(const override_order& what, std::optional<steady_time> until);
    void clear_order();
    void procedure(bool open);
    /// Time passes; tick() is called exactly when it is due.
    void pass(milliseconds time);
    /// Another configuration: `places` as in reconfiguration::former_places.
    void reconfigure(const brain_rules& rules, const std::vector<std::optional<backend_index>>& places);

    /// A time in which all goes well: no order, every probe passes, and requests are answered by whoever is
    /// asked; or nobody asks anything.
    void well(milliseconds time, bool asked);

    [[nodiscard]] const service_brain& brain() const { return brain_; }
    [[nodiscard]] const brain_rules& rules() const { return rules_; }
    [[nodiscard]] steady_time now() const { return now_; }
    [[nodiscard]] verdict state_of(std::size_t backend) const {
        return brain_.detector(index_of(backend)).current();
    }
    /// Which rule was broken first; empty when none was.
    [[nodiscard]] const std::string& broken() const { return broken_; }
    [[nodiscard]] std::string tell() const;
    [[nodiscard]] bool recovered() const;

  private:
    /// What has been told so far.
    struct account {
        placement at;
        std::vector<bool> in_service;
        std::vector<std::optional<insurer>> insurers;
        std::set<std::string> suspects;
        bool procedure = false;
        bool frozen = false;
        service_posture posture;
        int changes = 0;    ///< of the placement, by one event
        int forgotten = 0;  ///< orders, by one event
    };

    /// What an event is judged against.
    struct moment {
        placement at;
        steady_time since;
        milliseconds hold_down;
        milliseconds hold_before_leaving;
        std::optional<steady_time> order_until;
        bool ordered;
        std::optional<trial_ticket> trial;
    };

    template <class Event>
    void observe(Event&& happens);
    [[nodiscard]] account present() const;
    void add(const publish_posture& what);
    void add(const record_switchover& what);
    void add(const record_backend_change& what);
    void add(const record_verdict& what);
    void add(const forget_override& what);
    void add(const probe_now& what);
    void add(const record_procedure& what);
    void add(const record_freeze& what);
    void add(const record_insurer& what);
    void add(const record_domain& what);

    void expect(bool holds, const char* rule);
    void check_account(const moment& before);
    void check_record(const record_switchover& what);
    void check_change(const moment& before);
    void check_routes();
    void check_order();
    void check_trials(const std::optional<trial_ticket>& before);
    void carry_account(const account& former, const std::vector<std::optional<backend_index>>& places,
                       const std::vector<brain_action>& actions);
    void check_carried(const watched_brain& former, const std::vector<std::optional<backend_index>>& places);
    void check_due();
    [[nodiscard]] bool may_be_asked(std::size_t backend) const { return eligible(state_of(backend)); }
    [[nodiscard]] bool any_eligible() const;

    brain_rules rules_;
    service_brain brain_;
    steady_time now_;
    account told_;
    std::optional<steady_time> next_trial_at_;  ///< no earlier
    bool clearing_ = false;                     ///< somebody clears the order with the event at hand
    std::string broken_;
};

}  // namespace garde::continuity
