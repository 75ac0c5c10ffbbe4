// See brain.hpp.
#include "garde/continuity/brain.hpp"

#include <algorithm>
#include <utility>

namespace garde::continuity {
namespace {

/// Quicker answers are never called slow.
constexpr milliseconds least_slow{200};

/// Of a backend's answers so many, in percent, come before the next backend is asked too.
constexpr int hedged_past = 95;

/// Workers are told anew when it has changed by more than a quarter.
void tell(milliseconds& told, milliseconds now) {
    if (told == milliseconds(0) || now > told + told / 4 || now < told - told / 4) told = now;
}

backend_index index_of(std::size_t number) {
    return static_cast<backend_index>(number);
}

std::vector<fault_domains> domains_of(const brain_rules& rules) {
    std::vector<fault_domains> out;
    out.reserve(rules.backends.size());
    for (const auto& one : rules.backends) out.push_back(one.domains);
    return out;
}

}  // namespace

std::string_view to_text(cause value) {
    switch (value) {
        case cause::detection: return "detection";
        case cause::recovery: return "recovery";
        case cause::override_set: return "override-set";
        case cause::override_cleared: return "override-cleared";
        case cause::override_expired: return "override-expired";
        case cause::reconfigured: return "reconfigured";
    }
    std::unreachable();
}

service_brain::service_brain(const brain_rules& rules, steady_time now)
    : rules_(rules),
      latencies_(rules.backends.size()),
      slow_above_(rules.backends.size()),
      hedge_after_(rules.hedge ? rules.backends.size() : 0),
      proven_(rules.backends.size()),
      insurers_(rules.backends.size()),
      domains_(domains_of(rules), rules.domain_window),
      machine_(rules.modes, now),
      procedure_(rules.procedure) {
    for (const auto& one : rules.backends) detectors_.emplace_back(one.detector, now);
    posture_ = present_posture(views(now));
}

service_brain::service_brain(const brain_rules& rules, const remembered_service& what)
    : service_brain(rules, what.since) {
    detectors_.clear();
    for (std::size_t i = 0; i < what.backends.size(); ++i) {
        const auto& one = what.backends[i];
        detectors_.emplace_back(rules.backends[i].detector, one.state, one.since, one.last_reason);
    }
    machine_ = mode_machine(rules.modes, what.since, what.active);
    if (what.procedure) procedure_.resume(what.since, *what.procedure);
    (void)procedure_.update(what.since, machine_.current().current);
    posture_ = present_posture(views(what.since));
}

std::vector<backend_view> service_brain::views(steady_time now) const {
    std::vector<backend_view> out;
    out.reserve(detectors_.size());
    for (std::size_t i = 0; i < detectors_.size(); ++i)
        out.push_back({.state = detectors_[i].current(),
                       .since = detectors_[i].since(),
                       .doubtful = domains_.doubtful(index_of(i)),
                       .answers = detectors_[i].answers(now)});
    return out;
}

std::optional<override_order> service_brain::order() const {
    if (!override_) return std::nullopt;
    return override_->order;
}

surroundings service_brain::around(std::size_t backend) const {
    surroundings out{.sole = true, .network_seen = network_seen_, .references = rules_.references};
    for (std::size_t i = 0; i < detectors_.size(); ++i)
        if (i != backend && eligible(detectors_[i].current())) out.sole = false;
    return out;
}

std::vector<brain_action> service_brain::probe_passed(steady_time now, backend_index backend) {
    network_seen_ = now;
    if (rules_.backends[to_number(backend)].deep_probe) proven_[to_number(backend)] = now;
    return observe(now, backend, [&](auto& one, const auto& with) { one.probe_passed(now, with); });
}

std::vector<brain_action> service_brain::probe_failed(steady_time now, backend_index backend, reason why) {
    return observe(now, backend, [&](auto& one, const auto& with) { one.probe_failed(now, why, with); });
}

std::vector<brain_action> service_brain::traffic_answered(steady_time now, backend_index backend,
                                                          const answers& what) {
    network_seen_ = now;
    learn(to_number(backend), what);
    return observe(now, backend,
                   [&](auto& one, const auto& with) { one.traffic_answered(now, what.count, with); });
}

std::vector<brain_action> service_brain::traffic_showed(steady_time now, backend_index backend,
                                                        const sighting& what) {
    if (what.what != showed::failed) network_seen_ = now;
    return observe(now, backend, [&](auto& one, const auto& with) { one.traffic_showed(now, what, with); });
}

template <class Observe>
std::vector<brain_action> service_brain::observe(steady_time now, backend_index backend, Observe&& change) {
    failure_detector& detector = detectors_[to_number(backend)];
    const verdict before = detector.current();
    const evidence known = detector.observed();
    change(detector, around(to_number(backend)));
    std::vector<brain_action> out;
    tell_verdict(backend, before, known, out);
    settle(now, {}, out);
    return out;
}

void service_brain::tell_verdict(backend_index backend, verdict before, const evidence& known,
                                 std::vector<brain_action>& out) {
    failure_detector& detector = detectors_[to_number(backend)];
    const verdict after = detector.current();
    const bool came_back = eligible(after) && !eligible(before);
    const bool worth_a_record = (after == verdict::down && before != verdict::recovering) || came_back;
    if (before != after && worth_a_record)
        out.emplace_back(record_verdict{backend, before, after, came_back ? known : detector.observed()});
    if (detector.take_probe_wish()) out.emplace_back(probe_now{backend});
}

std::vector<brain_action> service_brain::network_seen(steady_time now, bool reachable) {
    std::vector<brain_action> out;
    if (reachable) network_seen_ = now;
    const bool back = reachable && cut_off_;
    cut_off_ = !reachable;
    for (std::size_t i = 0; reachable && i < detectors_.size(); ++i) {
        const verdict before = detectors_[i].current();
        const evidence known = detectors_[i].observed();
        if (back) detectors_[i].disregard();
        detectors_[i].reconsider(now, around(i));
        tell_verdict(index_of(i), before, known, out);
    }
    settle(now, {}, out);
    return out;
}

void service_brain::learn(std::size_t backend, const answers& what) {
    latencies_[backend].learn(what.latencies);
    const latency_profile& usual = latencies_[backend];
    if (rules_.slow_factor != 0)
        if (const auto half = usual.quantile(50))
            tell(slow_above_[backend], std::max(*half * rules_.slow_factor, least_slow));
    if (rules_.hedge)
        if (const auto most = usual.quantile(hedged_past)) tell(hedge_after_[backend], *most);
}

std::vector<brain_action> service_brain::set_override(steady_time now, override_record order) {
    const trigger by{cause::override_set, order.by, order.reason};
    override_ = std::move(order);
    std::vector<brain_action> out;
    settle(now, by, out);
    return out;
}

std::vector<brain_action> service_brain::clear_override(steady_time now, std::string by, std::string reason) {
    override_.reset();
    std::vector<brain_action> out;
    settle(now, {cause::override_cleared, std::move(by), std::move(reason)}, out);
    return out;
}

std::vector<brain_action> service_brain::open_procedure(steady_time now, std::string by, std::string reason) {
    std::vector<brain_action> out;
    if (procedure_.open(now)) out.emplace_back(record_procedure{true, std::move(by), std::move(reason)});
    return out;
}

std::vector<brain_action> service_brain::close_procedure(steady_time now, std::string by,
                                                         std::string reason) {
    std::vector<brain_action> out;
    if (procedure_.close(now)) out.emplace_back(record_procedure{false, std::move(by), std::move(reason)});
    return out;
}

std::vector<brain_action> service_brain::resume_procedure(steady_time now, const procedure_left_open& left) {
    procedure_.resume(now, left);
    std::vector<brain_action> out;
    settle(now, {}, out);
    return out;
}

std::vector<brain_action> service_brain::tick(steady_time now) {
    std::vector<brain_action> out;
    trigger by{cause::recovery, "garde", {}};
    if (override_ && override_->until && *override_->until <= now) {
        by = {cause::override_expired, override_->by, override_->reason};
        override_.reset();
        out.emplace_back(forget_override{});
    }
    settle(now, by, out);
    return out;
}

std::optional<steady_time> service_brain::next_due() const {
    std::optional<steady_time> out = machine_.next_due();
    const auto consider = [&](const std::optional<steady_time>& due) {
        if (due && (!out || *due < *out)) out = due;
    };
    if (override_) consider(override_->until);
    consider(procedure_.next_due());
    for (std::size_t i = 0; i < detectors_.size(); ++i) consider(trial_due(i));
    return out;
}

/// Backends share the tickets, and a rate may be proven, and a backend lost, by good answers yet to come.
milliseconds service_brain::recovery_bound(steady_time now, milliseconds every) const {
    milliseconds turn = every;
    bool by_rate = false;
    for (const auto& one : rules_.backends) {
        turn =
            std::max(turn, one.detector.trial_interval * static_cast<milliseconds::rep>(detectors_.size()));
        by_rate = by_rate || one.detector.failure_rate > 0;
    }
    milliseconds all_up{};
    for (const auto& one : detectors_) all_up = std::max(all_up, one.recovery_bound(now, turn));
    return all_up + machine_.recovery_bound(by_rate ? 1 : 0);
}

/// Brings mode and posture in line with what is known now, and says what changed.
void service_brain::settle(steady_time now, const trigger& by, std::vector<brain_action>& out) {
    watch_domains(now, out);
    watch_insurers(now, out);
    const auto seen = views(now);
    const auto former = machine_.update(now, seen, order());
    if (procedure_.update(now, machine_.current().current))
        out.emplace_back(record_procedure{procedure_.active(), "garde", {}});
    if (machine_.frozen() != frozen_) out.emplace_back(record_freeze{frozen_ = machine_.frozen()});
    offer_trials(now);
    if (service_posture next = present_posture(seen); next != posture_) {
        posture_ = std::move(next);
        out.emplace_back(publish_posture{posture_});
    }
    if (former) tell_change(now, *former, by, out);
}

void service_brain::watch_domains(steady_time now, std::vector<brain_action>& out) {
    std::vector<domain_member> members;
    for (std::size_t i = 0; i < detectors_.size(); ++i) {
        const auto& one = detectors_[i];
        members.push_back({.failing = !eligible(one.current()),
                           .first_symptom = one.observed().first_symptom,
                           .proven = std::max(proven_[i], one.answered_at())});
    }
    const auto before = domains_.suspects();
    domains_.update(now, members);
    for (const auto& one : domains_.suspects()) {
        const auto same = std::ranges::find_if(
            before, [&](const auto& was) { return was.kind == one.kind && was.name == one.name; });
        const bool was_suspect = same != before.end() && !same->lapsed;
        if (was_suspect == one.lapsed) out.emplace_back(record_domain{one.kind, one.name, !one.lapsed});
    }
}

void service_brain::watch_insurers(steady_time now, std::vector<brain_action>& out) {
    for (std::size_t i = 0; i < detectors_.size(); ++i) {
        const auto failing = detectors_[i].insurer_failing(now);
        if (failing == insurers_[i]) continue;
        if (insurers_[i]) out.emplace_back(record_insurer{index_of(i), *insurers_[i], false});
        if (failing) out.emplace_back(record_insurer{index_of(i), *failing, true});
        insurers_[i] = failing;
    }
}

/// Under an order that says whom to ask, or to ask nobody, nothing is tried out. Who is up but shares a
/// suspect domain is, so that it can show that it works.
std::optional<steady_time> service_brain::wants_trial(std::size_t backend) const {
    if (override_) return std::nullopt;
    const failure_detector& one = detectors_[backend];
    const bool desperate =
        std::ranges::none_of(detectors_, [](const auto& any) { return eligible(any.current()); });
    if (eligible(one.current()) && around(backend).sole) return std::nullopt;  // it gets all requests
    const bool doubtful = one.current() == verdict::up && domains_.doubtful(index_of(backend));
    return doubtful ? one.next_trial() : one.trial_due(desperate);
}

std::optional<steady_time> service_brain::trial_due(std::size_t backend) const {
    const auto wanted = wants_trial(backend);
    return wanted ? std::optional(std::max(*wanted, next_ticket_)) : std::nullopt;
}

/// One backend at a time has the ticket: who has waited longest. Each ticket has time to be used.
void service_brain::offer_trials(steady_time now) {
    if (ticket_ && !trial_due(to_number(ticket_->backend))) ticket_.reset();
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < detectors_.size(); ++i)
        if (const auto due = trial_due(i);
            due && *due <= now && (!next || *wants_trial(i) < *wants_trial(*next)))
            next = i;
    if (!next) return;
    detectors_[*next].trial_offered(now);
    next_ticket_ = now + detectors_[*next].rules().trial_interval;
    ticket_ = trial_ticket{index_of(*next), ++tickets_};
}

service_posture service_brain::present_posture(const std::vector<backend_view>& seen) const {
    service_posture out;
    out.current = machine_.current().current;
    if (override_) out.pinned = override_->order.pinned;
    out.attempts = machine_.attempts(seen, order());
    out.returning = machine_.returning();
    out.admitted_percent = override_ ? 100 : machine_.admitted_percent();
    out.trial = ticket_;
    if (rules_.try_anyway && !override_ && out.attempts.empty()) out.last_chance = backend_index{0};
    out.slow_above = slow_above_;
    out.hedge_after = hedge_after_;
    return out;
}

void service_brain::tell_change(steady_time now, const placement& from, const trigger& by,
                                std::vector<brain_action>& out) {
    if (from.current != machine_.current().current)
        out.emplace_back(*(last_ = describe(now, from, by)));
    else if (from.active && machine_.current().active)
        out.emplace_back(record_backend_change{*from.active, *machine_.current().active});
}

std::vector<brain_action> service_brain::adopt(steady_time now, const reconfiguration& what) {
    const placement before = machine_.current();
    mode_machine::carried_over carried;
    service_brain next(what.rules, now);
    bool same_list = what.rules.backends.size() == detectors_.size();
    for (std::size_t i = 0; i < what.rules.backends.size(); ++i) {
        const auto& place = what.former_places[i];
        same_list = same_list && place == index_of(i);
        if (!place) {
            carried.somebody_new = true;
            continue;
        }
        const std::size_t former = to_number(*place);
        next.detectors_[i] = detectors_[former];
        next.detectors_[i].adopt(what.rules.backends[i].detector);
        next.latencies_[i] = latencies_[former];
        next.slow_above_[i] = what.rules.slow_factor == 0 ? milliseconds(0) : slow_above_[former];
        const auto late = latencies_[former].quantile(hedged_past);
        if (late && what.rules.hedge) next.hedge_after_[i] = *late;
        next.proven_[i] = proven_[former];
        next.insurers_[i] = insurers_[former];
        if (place == before.active) carried.active = index_of(i);
    }
    next.domains_.remember(domains_.suspects());
    next.machine_ = machine_;
    next.procedure_ = procedure_;
    next.procedure_.adopt(what.rules.procedure);
    next.override_ = override_;
    next.network_seen_ = network_seen_;
    next.cut_off_ = cut_off_;
    next.frozen_ = frozen_;
    next.tickets_ = tickets_;
    next.next_ticket_ = next_ticket_;
    if (same_list) next.last_ = last_;  // what it says counts in the former list
    *this = std::move(next);

    std::vector<brain_action> out;
    watch_domains(now, out);
    const bool changed = machine_.adopt(now, what.rules.modes, carried, views(now), order());
    if (procedure_.update(now, machine_.current().current))
        out.emplace_back(record_procedure{procedure_.active(), "garde", {}});
    if (machine_.frozen() != frozen_) out.emplace_back(record_freeze{machine_.frozen()});
    frozen_ = machine_.frozen();
    offer_trials(now);
    posture_ = present_posture(views(now));
    if (changed) tell_change(now, before, {cause::reconfigured, what.by, what.reason}, out);
    return out;
}

record_switchover service_brain::describe(steady_time now, const placement& from, const trigger& by) const {
    // A probe may be what ends a hold-down: then an observation brings the recovery, not the clock.
    const bool better = machine_.current().current < from.current;
    cause why = by.why;
    if (why == cause::detection || why == cause::recovery) why = better ? cause::recovery : cause::detection;
    record_switchover out{.from = from,
                          .to = machine_.current(),
                          .why = why,
                          .by = by.by,
                          .reason = by.reason,
                          .first_symptom = now,
                          .detected = now,
                          .decided = now,
                          .requests_touched = 0,
                          .evidence = {}};
    for (std::size_t i = 0; i < detectors_.size(); ++i) {
        const auto& detector = detectors_[i];
        out.evidence.push_back({static_cast<backend_index>(i), detector.current(), detector.observed()});
    }
    // A return was possible from the moment its backend was up; the hold-down lies between that and the
    // decision.
    if (why == cause::recovery && out.to.active) {
        out.first_symptom = detectors_[to_number(*out.to.active)].since();
        out.detected = out.first_symptom;
    } else if (from.active && why == cause::detection) {
        // Only what the mode rested on: backends that were down already were told of when they went down.
        const auto& lost = detectors_[to_number(*from.active)];
        out.first_symptom = lost.observed().first_symptom;
        out.detected = lost.since();
        out.requests_touched = lost.observed().requests_touched;
    }
    return out;
}

}  // namespace garde::continuity
