// Which mode a service is in, given what is known of its backends, the operator's order and the time. Pure.
//
// Worse is immediate: when the backend that the mode rests on is down, the best eligible one takes over, or
// the cache, or the procedure. Better waits: a backend must have been up for the hold-down, which doubles
// with each relapse; then it gets a growing share of the traffic (the canary), and then the mode changes.
// From a mode without backend it changes after a short hold-down, and the share that is asked at all grows.
// Above a number of changes an hour the mode stays as it is, and requests go to whoever is eligible.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/types.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace garde::continuity {

struct mode_rules {
    milliseconds hold_down{30'000};  ///< up that long before traffic goes back to a better backend
    milliseconds longest_hold_down{
        600'000};  ///< however often it relapses; lasts so long, and all is forgiven
    milliseconds degraded_hold_down{5'000};  ///< the same when the mode left is degraded or emergency
    milliseconds min_dwell{2'000};           ///< a mode that still has a route stays at least so long
    std::vector<int> shares{5, 25, 50};      ///< percent of the traffic, one after the other; may be empty
    milliseconds canary_step{5'000};         ///< how long each share lasts on the way to a better backend
    milliseconds ramp_step{1'000};           ///< the same after degraded or emergency
    std::size_t switchovers_per_hour = 20;   ///< automatic ones; then the mode is frozen
    bool stands_in = false;  ///< who is not let through to a backend gets the cache or the procedure
    bool has_cache = false;  ///< a service without cache goes from its last backend to emergency
};

/// One backend as the machine sees it.
struct backend_view {
    verdict state = verdict::unknown;
    steady_time since{};    ///< since when
    bool doubtful = false;  ///< shares a suspect domain, and has not shown since that it works
    bool answers = false;   ///< real requests, lately
};

/// An operator's order.
struct override_order {
    override_mode pinned = override_mode::primary;
    bool strict = false;  ///< attempts do not fall back beyond what the mode names
};

/// Where requests go: the mode and the backend it rests on (none in degraded and emergency).
struct placement {
    mode current = mode::primary;
    std::optional<backend_index> active;

    friend bool operator==(const placement&, const placement&) = default;
};

/// The way to a better backend that is up: what time alone brings.
struct way_back {
    backend_index to{};
    steady_time at{};  ///< its hold-down is over, and the present mode's dwell time too
};

class mode_machine {
  public:
    explicit mode_machine(const mode_rules& rules, steady_time now) : rules_(rules), since_(now) {}

    /// As another process left it: resting on `active`, or on nothing.
    mode_machine(const mode_rules& rules, steady_time since, std::optional<backend_index> active);

    /// Brings the placement up to date. Returns the former one when it changed.
    std::optional<placement> update(steady_time now, const std::vector<backend_view>& backends,
                                    const std::optional<override_order>& order);

    /// What another configuration makes of the backend that the mode rests on.
    struct carried_over {
        std::optional<backend_index> active;  ///< its place now; nothing when it is gone or there was none
        bool somebody_new = false;            ///< the list has a backend of which nothing is known yet
    };

    /// Goes on under other rules with another list of backends. The mode stays where it is if it can, its
    /// dwell time runs on; where its backend is gone, or was missing and somebody new may be asked, it is
    /// decided anew. True when the mode or the backend that it rests on is another one now.
    bool adopt(steady_time now, const mode_rules& rules, const carried_over& what,
               const std::vector<backend_view>& backends, const std::optional<override_order>& order);

    [[nodiscard]] const placement& current() const { return placement_; }
    [[nodiscard]] steady_time since() const { return since_; }

    /// When time alone may change the placement or a share: the end of a hold-down, dwell or step that runs.
    [[nodiscard]] std::optional<steady_time> next_due() const { return next_due_; }

    /// Whom a request is to ask, in order, under the present placement.
    [[nodiscard]] std::vector<backend_index> attempts(const std::vector<backend_view>& backends,
                                                      const std::optional<override_order>& order) const;
    /// The backend that is on its way to take over, and its share.
    [[nodiscard]] std::optional<canary> returning() const;
    /// What part of the requests may ask a backend at all.
    [[nodiscard]] int admitted_percent() const;
    /// The bound on changes is reached: the mode would be another one by now.
    [[nodiscard]] bool frozen() const { return frozen_; }
    /// When there is room for a change again.
    [[nodiscard]] std::optional<steady_time> frozen_until() const;
    /// The hold-down in force, with its growth.
    [[nodiscard]] milliseconds hold_down() const;
    [[nodiscard]] int relapses() const { return relapses_; }
    /// Who would be returned to next, and when at the earliest: where its shares begin, or the mode changes.
    [[nodiscard]] std::optional<way_back> next_return(steady_time now,
                                                      const std::vector<backend_view>& backends) const;
    /// Until when the present share lasts; nothing when all traffic goes one way.
    [[nodiscard]] std::optional<steady_time> share_until() const;
    [[nodiscard]] const mode_rules& rules() const { return rules_; }
    /// The hold-down before the present mode is left, with its growth.
    [[nodiscard]] milliseconds hold_before_leaving() const;
    /// How long until the mode rests on the primary, at most, when all backends are up from now on and none
    /// is in doubt, and nobody gives an order. `losses`: how often the mode may be lost before.
    [[nodiscard]] milliseconds recovery_bound(int losses) const;

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    /// Steps of growing shares.
    struct steps {
        backend_index backend{};
        std::size_t stage = 0;
        steady_time since{};
    };

    [[nodiscard]] placement pinned(const override_order& order,
                                   const std::vector<backend_view>& backends) const;
    placement automatic(steady_time now, const std::vector<backend_view>& backends);
    [[nodiscard]] std::vector<backend_index> better_ones(const std::vector<backend_view>& backends) const;
    [[nodiscard]] milliseconds time_of_shares() const;
    std::optional<backend_index> ready_to_return(steady_time now, const std::vector<backend_view>& backends);
    std::optional<backend_index> returning_to(steady_time now, const std::vector<backend_view>& backends);
    bool climb(steps& on, milliseconds step, steady_time now);
    void keep_ramp(steady_time now);
    void moved(steady_time now, const placement& former);
    void note_loss(steady_time now);
    bool freezes(steady_time now);
    bool due(steady_time at, steady_time now);
    [[nodiscard]] placement without_backend() const;

    mode_rules rules_;
    placement placement_{mode::primary, backend_index{0}};
    bool anew_ = false;  ///< nothing speaks for staying: an order ended, or the backend is gone
    steady_time since_;
    std::optional<steady_time> next_due_;
    std::optional<steps> canary_;
    std::optional<steps> ramp_;
    bool holding_out_ = false;  ///< without a backend, though one is up: its hold-down runs
    int relapses_ = 0;
    std::optional<steady_time> returned_at_;
    std::deque<steady_time> changes_;  ///< automatic ones of the last hour
    bool frozen_ = false;
};

/// May requests be sent there? Unknown counts: never worse than no proxy.
bool eligible(verdict state);

}  // namespace garde::continuity
