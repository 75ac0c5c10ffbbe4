// See mode_machine.hpp.
#include "garde/continuity/mode_machine.hpp"

#include <algorithm>

namespace garde::continuity {
namespace {

constexpr std::chrono::hours frozen_for{1};

/// What is let through while a hold-down runs, in percent, where no shares are configured.
constexpr int least_share = 5;

/// More relapses than this change nothing: the longest hold-down is reached.
constexpr int most_relapses = 16;

backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

placement resting_on(backend_index backend) {
    return {to_number(backend) == 0 ? mode::primary : mode::backup, backend};
}

/// How gladly a backend is asked; the greater, the later.
enum class reluctance : std::uint8_t { none, doubt, suspicion };

reluctance reluctance_for(const backend_view& backend) {
    if (backend.state == verdict::suspect) return reluctance::suspicion;
    return backend.doubtful ? reluctance::doubt : reluctance::none;
}

/// Eligible backends from `from` on, the most gladly asked first, else in their order.
std::vector<backend_index> by_preference(const std::vector<backend_view>& backends, std::size_t from) {
    std::vector<backend_index> out;
    for (const auto wanted : {reluctance::none, reluctance::doubt, reluctance::suspicion})
        for (std::size_t i = from; i < backends.size(); ++i)
            if (eligible(backends[i].state) && reluctance_for(backends[i]) == wanted)
                out.push_back(index_of(i));
    return out;
}

std::optional<backend_index> best_eligible(const std::vector<backend_view>& backends, std::size_t from) {
    const auto all = by_preference(backends, from);
    return all.empty() ? std::nullopt : std::optional(all.front());
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
    holding_out_ = false;
    if (order) {
        canary_.reset();
        ramp_.reset();
    }
    const bool decided_by_people = order || anew_;
    const placement next = order ? pinned(*order, backends) : automatic(now, backends);
    anew_ = order.has_value();  // an order that ends leaves no reason to stay where it put us
    frozen_ = false;
    keep_ramp(now);
    if (next == placement_) return std::nullopt;
    if (!decided_by_people && freezes(now)) return std::nullopt;
    const placement former = placement_;
    placement_ = next;
    since_ = now;
    next_due_.reset();
    canary_.reset();
    ramp_.reset();
    if (!decided_by_people) moved(now, former);
    // A backend that is better still may be in its hold-down: its time must be known from now on.
    if (!order && returning_to(now, backends)) next_due_ = now;
    return former;
}

/// After an automatic change.
void mode_machine::moved(steady_time now, const placement& former) {
    changes_.push_back(now);
    if (!placement_.active || (former.active && *former.active < *placement_.active)) return;
    returned_at_ = now;
    if (former.active || rules_.shares.empty() || !rules_.stands_in) return;
    ramp_ = steps{*placement_.active, 0, now};
    due(now + rules_.ramp_step, now);
}

/// The bound is on what the machine does by itself; people may go on.
bool mode_machine::freezes(steady_time now) {
    while (!changes_.empty() && changes_.front() + frozen_for <= now) changes_.pop_front();
    if (changes_.size() < rules_.switchovers_per_hour) return false;
    due(changes_.front() + frozen_for, now);
    return frozen_ = true;
}

std::optional<steady_time> mode_machine::frozen_until() const {
    return frozen_ ? std::optional(changes_.front() + frozen_for) : std::nullopt;
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
    if (placement_.active && !has_route) {
        if (!frozen_) note_loss(now);
        canary_.reset();  // a frozen mode stays, but who was to carry shares is asked with the others now
        return best ? resting_on(*best) : without_backend();
    }
    if (const auto back = returning_to(now, backends)) return resting_on(*back);
    // The same as before, unless the configuration changed what it is called.
    return placement_.active ? resting_on(*placement_.active) : without_backend();
}

bool mode_machine::adopt(steady_time now, const mode_rules& rules, const carried_over& what,
                         const std::vector<backend_view>& backends,
                         const std::optional<override_order>& order) {
    rules_ = rules;
    canary_.reset();
    ramp_.reset();
    anew_ = anew_ || (placement_.active ? !what.active : what.somebody_new);
    // A frozen mode stays too, but it is called by what it rests on now.
    const mode former = placement_.current;
    if (what.active)
        placement_ = resting_on(*what.active);
    else if (!placement_.active && !order)
        placement_ = without_backend();
    else
        placement_.active.reset();
    if (placement_.current != former) since_ = now;
    const bool moved = update(now, backends, order).has_value();
    return moved || placement_.current != former;
}

/// Whether `at` has come; if not, the machine wants to be asked again then.
bool mode_machine::due(steady_time at, steady_time now) {
    if (at <= now) return true;
    if (!next_due_ || at < *next_due_) next_due_ = at;
    return false;
}

milliseconds mode_machine::hold_down() const {
    milliseconds out = rules_.hold_down;
    for (int i = 0; i < relapses_ && out < rules_.longest_hold_down; ++i) out *= 2;
    return std::min(out, std::max(rules_.hold_down, rules_.longest_hold_down));
}

/// Without a backend a relapse costs more than with one: its growth ends at the plain hold-down.
milliseconds mode_machine::hold_before_leaving() const {
    if (placement_.active) return hold_down();
    milliseconds out = rules_.degraded_hold_down;
    for (int i = 0; i < relapses_ && out < rules_.hold_down; ++i) out *= 2;
    return std::min(out, std::max(rules_.degraded_hold_down, rules_.hold_down));
}

/// Lost soon after the return: the next one waits longer. A loss before any return forgives nothing.
void mode_machine::note_loss(steady_time now) {
    if (!returned_at_) return;
    const bool soon = now < *returned_at_ + std::max(rules_.longest_hold_down, rules_.hold_down);
    relapses_ = soon ? std::min(relapses_ + 1, most_relapses) : 0;
    returned_at_.reset();
}

/// Who may be returned to once its hold-down is over, the most gladly asked first. One that shares a suspect
/// domain has to show first that it works, as long as the present one need not. Out of a mode without
/// backend: who is up, or else who answers real requests, whatever its probes say.
std::vector<backend_index> mode_machine::better_ones(const std::vector<backend_view>& backends) const {
    std::vector<backend_index> out = by_preference(backends, 0);
    const auto state = [&](backend_index one) { return backends[to_number(one)].state; };
    const auto is_up = [&](backend_index one) { return state(one) == verdict::up; };
    const bool somebody_up = std::ranges::any_of(out, is_up);
    std::erase_if(out, [&](backend_index one) {
        const bool answers = state(one) == verdict::suspect && backends[to_number(one)].answers;
        if (!placement_.active) return !is_up(one) && (somebody_up || !answers);
        const backend_index active = *placement_.active;
        return one >= active || !is_up(one) ||
               (backends[to_number(one)].doubtful && !backends[to_number(active)].doubtful);
    });
    if (placement_.active) std::ranges::sort(out);
    return out;
}

/// The better backend whose hold-down is over, else the one whose hold-down ends first; but none that would
/// have to be left for a better one as soon as it has taken over. Leaving degraded, one that has held out is
/// enough to go, and the best there is is where to.
std::optional<way_back> mode_machine::next_return(steady_time now,
                                                  const std::vector<backend_view>& backends) const {
    const auto better = better_ones(backends);
    const milliseconds stays = placement_.active ? time_of_shares() + rules_.min_dwell : milliseconds(0);
    std::optional<way_back> out;
    for (const backend_index one : better) {
        const steady_time held = backends[to_number(one)].since + hold_before_leaving();
        const steady_time at = placement_.active ? std::max(held, since_ + rules_.min_dwell) : held;
        const bool worth_it = out && std::max(at, now) + stays < out->at;
        if (!out || (worth_it && out->at > now)) out = {placement_.active ? one : better.front(), at};
    }
    return out;
}

milliseconds mode_machine::time_of_shares() const {
    return rules_.canary_step * static_cast<milliseconds::rep>(rules_.shares.size());
}

std::optional<backend_index> mode_machine::ready_to_return(steady_time now,
                                                           const std::vector<backend_view>& backends) {
    const auto next = next_return(now, backends);
    return next && due(next->at, now) ? std::optional(next->to) : std::nullopt;
}

std::optional<steady_time> mode_machine::share_until() const {
    if (returning()) return canary_->since + rules_.canary_step;
    return ramp_ ? std::optional(ramp_->since + rules_.ramp_step) : std::nullopt;
}

/// The backend that takes over now: it has held out, and has carried its shares.
std::optional<backend_index> mode_machine::returning_to(steady_time now,
                                                        const std::vector<backend_view>& backends) {
    if (canary_ && backends[to_number(canary_->backend)].state != verdict::up) {
        canary_.reset();
        relapses_ = std::min(relapses_ + 1, most_relapses);
    }
    if (canary_)
        return climb(*canary_, rules_.canary_step, now) ? std::optional(canary_->backend) : std::nullopt;
    const auto ready = ready_to_return(now, backends);
    if (!placement_.active) holding_out_ = !ready && best_eligible(backends, 0);
    if (!ready || !placement_.active || rules_.shares.empty()) return ready;
    canary_ = steps{*ready, 0, now};
    return climb(*canary_, rules_.canary_step, now) ? ready : std::nullopt;
}

/// True when the last share has had its time.
bool mode_machine::climb(steps& on, milliseconds step, steady_time now) {
    while (on.stage < rules_.shares.size() && due(on.since + step, now)) {
        on.since += step;
        ++on.stage;
    }
    return on.stage == rules_.shares.size();
}

void mode_machine::keep_ramp(steady_time now) {
    if (ramp_ && climb(*ramp_, rules_.ramp_step, now)) ramp_.reset();
}

/// Shares that are on their way to another backend than the primary come first; each return has its dwell.
milliseconds mode_machine::recovery_bound(int losses) const {
    mode_machine later = *this;
    later.relapses_ = std::min(relapses_ + losses, most_relapses);
    if (losses > 0) later.placement_ = without_backend();
    const milliseconds leaves = later.placement_.active ? milliseconds(0) : later.hold_before_leaving();
    const bool may_freeze = frozen_ || changes_.size() + 2 >= rules_.switchovers_per_hour;
    return leaves + later.hold_down() + 2 * (rules_.min_dwell + time_of_shares()) +
           (may_freeze ? milliseconds(frozen_for) : milliseconds(0));
}

std::optional<canary> mode_machine::returning() const {
    if (!canary_ || canary_->stage == rules_.shares.size()) return std::nullopt;
    return canary{canary_->backend, rules_.shares[canary_->stage]};
}

int mode_machine::admitted_percent() const {
    if (frozen_ || !rules_.stands_in) return 100;
    if (holding_out_) return rules_.shares.empty() ? least_share : rules_.shares.front();
    return ramp_ ? rules_.shares[ramp_->stage] : 100;
}

std::vector<backend_index> mode_machine::attempts(const std::vector<backend_view>& backends,
                                                  const std::optional<override_order>& order) const {
    if (order && order->pinned == override_mode::transparent) return {backend_index{0}};
    if (!placement_.active) return order ? std::vector<backend_index>{} : by_preference(backends, 0);
    const std::size_t active = to_number(*placement_.active);
    const bool only_named = order && order->strict;

    // What an operator names is asked first whatever is thought of it; automatically, a suspect is asked
    // last, and a frozen mode's backend not at all when it is down.
    std::vector<backend_index> out;
    const bool glad = eligible(backends[active].state) && backends[active].state != verdict::suspect;
    if (order || glad) out.push_back(*placement_.active);
    for (const backend_index candidate : by_preference(backends, 0)) {
        if (std::ranges::find(out, candidate) != out.end()) continue;
        if (only_named && (active == 0 || to_number(candidate) == 0)) continue;
        out.push_back(candidate);
    }
    return out;
}

}  // namespace garde::continuity
