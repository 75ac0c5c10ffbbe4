// See mode_machine.hpp.
#include "garde/continuity/mode_machine.hpp"

#include <algorithm>

namespace garde::continuity {
namespace {

backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

placement resting_on(backend_index backend) {
    return {to_number(backend) == 0 ? mode::primary : mode::backup, backend};
}

/// The first backend from `from` on that requests may be sent to; a suspect only when nothing better is
/// there.
std::optional<backend_index> best_eligible(const std::vector<backend_view>& backends, std::size_t from) {
    std::optional<backend_index> suspect;
    for (std::size_t i = from; i < backends.size(); ++i) {
        if (!eligible(backends[i].state)) continue;
        if (backends[i].state != verdict::suspect) return index_of(i);
        if (!suspect) suspect = index_of(i);
    }
    return suspect;
}

}  // namespace

bool eligible(verdict state) {
    return state == verdict::up || state == verdict::unknown || state == verdict::suspect;
}

mode_machine::mode_machine(const mode_rules& rules, steady_time since, std::optional<backend_index> active)
    : rules_(rules), since_(since) {
    placement_ = active ? resting_on(*active) : without_backend();
}

placement mode_machine::without_backend() const {
    return {rules_.has_cache ? mode::degraded : mode::emergency, std::nullopt};
}

std::optional<placement> mode_machine::update(steady_time now, const std::vector<backend_view>& backends,
                                              const std::optional<override_order>& order) {
    next_due_.reset();
    const placement next = order ? pinned(*order, backends) : automatic(now, backends);
    anew_ = order.has_value();  // an order that ends leaves no reason to stay where it put us
    if (next == placement_) return std::nullopt;
    const placement former = placement_;
    placement_ = next;
    since_ = now;
    next_due_.reset();
    // A backend that is better still may be in its hold-down: its time must be known from now on.
    if (!order) ready_to_return(now, backends);
    return former;
}

placement mode_machine::pinned(const override_order& order, const std::vector<backend_view>& backends) const {
    switch (order.pinned) {
        case override_mode::degraded: return {mode::degraded, std::nullopt};
        case override_mode::emergency: return {mode::emergency, std::nullopt};
        case override_mode::backup:
            if (backends.size() > 1) return resting_on(best_eligible(backends, 1).value_or(backend_index{1}));
            break;
        case override_mode::primary:
        case override_mode::transparent: break;
    }
    return resting_on(backend_index{0});
}

placement mode_machine::automatic(steady_time now, const std::vector<backend_view>& backends) {
    const auto best = best_eligible(backends, 0);
    if (anew_) return best ? resting_on(*best) : without_backend();
    const bool has_route = placement_.active && eligible(backends[to_number(*placement_.active)].state);
    if (placement_.active && !has_route) return best ? resting_on(*best) : without_backend();
    if (const auto back = ready_to_return(now, backends)) return resting_on(*back);
    // The same as before, unless the configuration changed what it is called.
    return placement_.active ? resting_on(*placement_.active) : without_backend();
}

bool mode_machine::adopt(steady_time now, const mode_rules& rules, const carried_over& what,
                         const std::vector<backend_view>& backends,
                         const std::optional<override_order>& order) {
    rules_ = rules;
    anew_ = anew_ || (placement_.active ? !what.active : what.somebody_new);
    placement_.active = what.active;
    return update(now, backends, order).has_value();
}

/// Whether `at` has come; if not, the machine wants to be asked again then.
bool mode_machine::due(steady_time at, steady_time now) {
    if (at <= now) return true;
    if (!next_due_ || at < *next_due_) next_due_ = at;
    return false;
}

/// The better backend whose hold-down is over. Leaving degraded, one that has held out is enough to go, and
/// the best that is up is where to.
std::optional<backend_index> mode_machine::ready_to_return(steady_time now,
                                                           const std::vector<backend_view>& backends) {
    const bool from_backend = placement_.active.has_value();
    const std::size_t better_than = from_backend ? to_number(*placement_.active) : backends.size();
    std::optional<backend_index> best_up;
    for (std::size_t i = 0; i < better_than; ++i) {
        if (backends[i].state != verdict::up) continue;
        if (!best_up) best_up = index_of(i);
        const milliseconds hold = from_backend ? rules_.hold_down : rules_.degraded_hold_down;
        const steady_time held = backends[i].since + hold;
        const steady_time dwelt = from_backend ? since_ + rules_.min_dwell : held;
        if (due(std::max(held, dwelt), now)) return from_backend ? index_of(i) : *best_up;
    }
    return std::nullopt;
}

std::vector<backend_index> mode_machine::attempts(const std::vector<backend_view>& backends,
                                                  const std::optional<override_order>& order) const {
    if (order && order->pinned == override_mode::transparent) return {backend_index{0}};
    if (!placement_.active) return {};
    const bool only_named = order && order->strict;
    const bool named_is_primary = to_number(*placement_.active) == 0;

    // What an operator names is asked first whatever is thought of it; automatically, a suspect is asked
    // last.
    std::vector<backend_index> first;
    std::vector<backend_index> last;
    if (order || backends[to_number(*placement_.active)].state != verdict::suspect)
        first.push_back(*placement_.active);
    for (std::size_t i = 0; i < backends.size(); ++i) {
        const backend_index candidate = index_of(i);
        if (std::ranges::find(first, candidate) != first.end() || !eligible(backends[i].state)) continue;
        if (only_named && (named_is_primary || i == 0)) continue;
        (backends[i].state == verdict::suspect ? last : first).push_back(candidate);
    }
    first.insert(first.end(), last.begin(), last.end());
    return first;
}

}  // namespace garde::continuity
