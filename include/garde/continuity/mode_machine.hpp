// Which mode a service is in, given what is known of its backends, the operator's order and the time. Pure.
//
// Worse is immediate: when the backend that mode rests on is down, the best eligible one takes over, or the
// cache, or the procedure. Better waits: a backend must have been up for the hold-down before traffic goes
// back to it, so that a relapse does not flap.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/posture.hpp"
#include "garde/continuity/types.hpp"

#include <optional>
#include <vector>

namespace garde::continuity {

struct mode_rules {
    milliseconds hold_down{30'000};          ///< up that long before traffic goes back to a better backend
    milliseconds degraded_hold_down{5'000};  ///< the same when the mode left is degraded or emergency
    milliseconds min_dwell{2'000};           ///< a mode that still has a route stays at least so long
    bool has_cache = false;  ///< a service without cache goes from its last backend to emergency
};

/// One backend as the machine sees it.
struct backend_view {
    verdict state = verdict::unknown;
    steady_time since{};  ///< since when
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

    /// When time alone may change the placement: the end of a hold-down or dwell that is running.
    [[nodiscard]] std::optional<steady_time> next_due() const { return next_due_; }

    /// Whom a request is to ask, in order, under the present placement.
    [[nodiscard]] std::vector<backend_index> attempts(const std::vector<backend_view>& backends,
                                                      const std::optional<override_order>& order) const;

  private:
    [[nodiscard]] placement pinned(const override_order& order,
                                   const std::vector<backend_view>& backends) const;
    placement automatic(steady_time now, const std::vector<backend_view>& backends);
    std::optional<backend_index> ready_to_return(steady_time now, const std::vector<backend_view>& backends);
    bool due(steady_time at, steady_time now);
    [[nodiscard]] placement without_backend() const;

    mode_rules rules_;
    placement placement_{mode::primary, backend_index{0}};
    bool anew_ = false;  ///< nothing speaks for staying: an order ended, or the backend is gone
    steady_time since_;
    std::optional<steady_time> next_due_;
};

/// May requests be sent there? Unknown counts: never worse than no proxy.
bool eligible(verdict state);

}  // namespace garde::continuity
