// See watched_brain.hpp.
#include "watched_brain.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace garde::continuity {

watched_brain::watched_brain(const brain_rules& rules, steady_time now)
    : rules_(rules), brain_(rules, now), now_(now), told_(present()) {}

// --- events ---

void watched_brain::probe(std::size_t backend, bool passes) {
    observe([&] {
        return passes ? brain_.probe_passed(now_, index_of(backend))
                      : brain_.probe_failed(now_, index_of(backend), reason::timed_out);
    });
}

void watched_brain::answered(std::size_t backend) {
    observe([&] { return brain_.traffic_answered(now_, index_of(backend), {.count = 1, .latencies = {}}); });
}

void watched_brain::shows(std::size_t backend, const sighting& what) {
    observe([&] { return brain_.traffic_showed(now_, index_of(backend), what); });
}

void watched_brain::network(bool reachable) {
    observe([&] { return brain_.network_seen(now_, reachable); });
}

void watched_brain::order(const override_order& what, std::optional<steady_time> until) {
    observe([&] {
        return brain_.set_override(now_, {.order = what, .by = "anna", .reason = "test", .until = until});
    });
}

/// Whoever clears it knows that it is gone, also where its time was over at that very moment.
void watched_brain::clear_order() {
    clearing_ = true;
    observe([&] { return brain_.clear_override(now_, "anna", "test"); });
    clearing_ = false;
}

/// Changes nothing but the flag: what time has brought meanwhile is told with the next event.
void watched_brain::procedure(bool open) {
    const auto actions =
        open ? brain_.open_procedure(now_, "anna", "test") : brain_.close_procedure(now_, "anna", "test");
    for (const auto& action : actions) std::visit([&](const auto& one) { add(one); }, action);
    expect(brain_.procedure_active() == open && told_.procedure == open,
           "the procedure is as an operator says");
    expect(told_.posture == brain_.posture(), "the procedure changes no posture");
}

void watched_brain::pass(milliseconds time) {
    const steady_time until = now_ + time;
    int ticks = 0;
    for (auto due = brain_.next_due(); due && *due <= until; due = brain_.next_due()) {
        if (++ticks > 100'000) return expect(false, "ticks without end");
        now_ = std::max(now_, *due);
        observe([&] { return brain_.tick(now_); });
        if (!broken_.empty()) return;
    }
    now_ = until;
}

void watched_brain::well(milliseconds time, bool asked) {
    if (brain_.override_in_force()) clear_order();
    if (rules_.references) network(true);
    for (std::size_t i = 0; i < rules_.backends.size(); ++i) probe(i, true);
    if (asked) {
        if (const auto trial = brain_.posture().trial)
            shows(to_number(trial->backend),
                  {.what = showed::answered, .caller = 9, .request = 9, .as = errand::trial});
        if (const auto back = brain_.posture().returning) answered(to_number(back->backend));
        if (!brain_.posture().attempts.empty()) answered(to_number(brain_.posture().attempts.front()));
    }
    pass(time);
}

template <class Event>
void watched_brain::observe(Event&& happens) {
    const auto& machine = brain_.modes();
    const auto& order = brain_.override_in_force();
    const moment before{.at = machine.current(),
                        .since = machine.since(),
                        .hold_down = machine.hold_down(),
                        .hold_before_leaving = machine.hold_before_leaving(),
                        .order_until = order ? order->until : std::nullopt,
                        .ordered = order.has_value(),
                        .trial = brain_.posture().trial};
    told_.changes = told_.forgotten = 0;
    for (const auto& action : happens()) std::visit([&](const auto& one) { add(one); }, action);
    check_account(before);
    check_change(before);
    check_routes();
    check_trials(before.trial);
    check_due();
}

// --- what is told ---

watched_brain::account watched_brain::present() const {
    account out{.at = brain_.modes().current(),
                .in_service = {},
                .insurers = {},
                .suspects = {},
                .procedure = brain_.procedure_active(),
                .frozen = brain_.modes().frozen(),
                .posture = brain_.posture()};
    for (std::size_t i = 0; i < rules_.backends.size(); ++i) {
        out.in_service.push_back(may_be_asked(i));
        out.insurers.push_back(brain_.detector(index_of(i)).insurer_failing(now_));
    }
    for (const auto& one : brain_.domains().suspects())
        if (!one.lapsed) out.suspects.insert(one.kind + '/' + one.name);
    return out;
}

void watched_brain::add(const publish_posture& what) {
    expect(what.value != told_.posture, "a posture that is published already");
    told_.posture = what.value;
}

void watched_brain::add(const record_switchover& what) {
    expect(what.from == told_.at, "a switchover from where it was");
    expect(what.from.current != what.to.current, "a switchover is a change of mode");
    check_record(what);
    told_.at = what.to;
    ++told_.changes;
}

void watched_brain::add(const record_backend_change& what) {
    expect(told_.at.active == what.from && what.from != what.to && told_.at.current == mode::backup,
           "another backup takes over from the one that was");
    told_.at.active = what.to;
    ++told_.changes;
}

void watched_brain::add(const record_verdict& what) {
    const std::size_t backend = to_number(what.backend);
    expect(eligible(what.from) == told_.in_service[backend] && eligible(what.from) != eligible(what.to),
           "a backend's record says that it went out of service, or came back");
    expect(what.observed.first_symptom != steady_time{} && what.observed.first_symptom <= now_,
           "a backend's record says since when");
    told_.in_service[backend] = eligible(what.to);
}

void watched_brain::add(const forget_override& /*what*/) {
    ++told_.forgotten;
}

void watched_brain::add(const probe_now& what) {
    expect(to_number(what.backend) < rules_.backends.size(), "a probe of a backend that there is");
}

void watched_brain::add(const record_procedure& what) {
    expect(what.open != told_.procedure && !what.by.empty(), "the procedure is opened once, and closed once");
    told_.procedure = what.open;
}

void watched_brain::add(const record_freeze& what) {
    expect(what.frozen != told_.frozen, "a freeze is told once, and its end too");
    told_.frozen = what.frozen;
}

void watched_brain::add(const record_insurer& what) {
    auto& told = told_.insurers[to_number(what.backend)];
    expect(what.failing ? !told.has_value() : told == what.asked, "an insurer's trouble is told once");
    told = what.failing ? std::optional(what.asked) : std::nullopt;
}

void watched_brain::add(const record_domain& what) {
    const std::string name = what.kind + '/' + what.name;
    const bool changes = what.suspect ? told_.suspects.insert(name).second : told_.suspects.erase(name) == 1;
    expect(changes, "a suspicion is told once, and its end too");
}

// --- the rules ---

void watched_brain::expect(bool holds, const char* rule) {
    if (!holds && broken_.empty()) broken_ = std::string(rule) + ": now " + tell();
}

std::string watched_brain::tell() const {
    const auto& posture = brain_.posture();
    std::string out(to_text(posture.current));
    if (posture.pinned) out += ", pinned to " + std::string(to_text(*posture.pinned));
    if (brain_.modes().frozen()) out += ", frozen";
    for (std::size_t i = 0; i < rules_.backends.size(); ++i)
        out += ", " + std::to_string(i) + " " + std::string(to_text(state_of(i))) +
               (brain_.domains().doubtful(index_of(i)) ? " in doubt" : "");
    if (posture.returning) out += ", returning " + std::to_string(to_number(posture.returning->backend));
    if (posture.trial) out += ", trial of " + std::to_string(to_number(posture.trial->backend));
    return out;
}

bool watched_brain::any_eligible() const {
    for (std::size_t i = 0; i < rules_.backends.size(); ++i)
        if (may_be_asked(i)) return true;
    return false;
}

bool watched_brain::recovered() const {
    const auto& posture = brain_.posture();
    return posture.current == mode::primary && !posture.pinned && !posture.attempts.empty() &&
           posture.attempts.front() == index_of(0) && posture.admitted_percent == 100;
}

void watched_brain::check_account(const moment& before) {
    const account is = present();
    expect(told_.at == is.at, "a change of placement without a record");
    expect(told_.changes <= 1, "one event, one change of placement");
    expect(told_.in_service == is.in_service,
           "a backend went out of service, or came back, without a record");
    expect(told_.insurers == is.insurers, "an insurer's trouble without a record");
    expect(told_.suspects == is.suspects, "a suspect domain without a record");
    expect(told_.procedure == is.procedure, "the procedure opened or closed without a record");
    expect(told_.frozen == is.frozen, "a freeze without a record");
    expect(told_.posture == is.posture, "workers serve from what is known");
    expect(is.posture.current == is.at.current, "the posture has the mode");
    const bool expired =
        before.order_until && *before.order_until <= now_ && !clearing_ && !brain_.override_in_force();
    expect(told_.forgotten == (expired ? 1 : 0), "an order whose time is over is forgotten");
}

void watched_brain::check_record(const record_switchover& what) {
    expect(what.to == brain_.modes().current(), "a switchover to where it is");
    expect(what.decided == now_ && what.first_symptom <= what.detected && what.detected <= what.decided &&
               what.first_symptom != steady_time{},
           "symptom, detection, decision: in this order");
    expect(what.evidence.size() == rules_.backends.size(), "evidence of every backend");
    expect(!what.by.empty(), "a switchover says by whom");
    const bool better = what.to.current < what.from.current;
    if (what.why == cause::detection) expect(!better, "detection makes nothing better");
    if (what.why == cause::recovery) expect(better, "recovery makes nothing worse");
}

/// An automatic change: worse only out of need, better only after hold-down and dwell.
void watched_brain::check_change(const moment& before) {
    const placement& from = before.at;
    const placement& to = brain_.modes().current();
    if (from == to || before.ordered || brain_.override_in_force()) return;
    if (!to.active) {
        expect(!any_eligible(), "degraded while a backend may be asked");
        return expect(to.current == (rules_.modes.has_cache ? mode::degraded : mode::emergency),
                      "degraded where there is a cache, else emergency");
    }
    const std::size_t target = to_number(*to.active);
    expect(may_be_asked(target), "a mode that rests on a backend that is down");
    const steady_time up_since = brain_.detector(*to.active).since();
    if (from.active && may_be_asked(to_number(*from.active))) {
        expect(*to.active < *from.active, "a change to a worse backend while there is a route");
        expect(now_ >= before.since + rules_.modes.min_dwell, "a change within the dwell time");
        expect(state_of(target) == verdict::up && now_ >= up_since + before.hold_down,
               "back to a better backend before its hold-down is over");
    } else if (!from.active) {
        bool held = false;
        for (std::size_t i = 0; i < rules_.backends.size(); ++i)
            held = held || (may_be_asked(i) &&
                            now_ >= brain_.detector(index_of(i)).since() + before.hold_before_leaving);
        expect(held, "out of degraded before any hold-down is over");
    }
}

/// Nobody who is out is asked, and somebody is whenever there is somebody; an order apart.
void watched_brain::check_routes() {
    const service_posture& posture = brain_.posture();
    for (std::size_t i = 0; i < posture.attempts.size(); ++i)
        expect(std::ranges::count(posture.attempts, posture.attempts[i]) == 1, "nobody is asked twice");
    if (brain_.override_in_force()) return check_order();
    std::size_t eligible_ones = 0;
    for (std::size_t i = 0; i < rules_.backends.size(); ++i) eligible_ones += may_be_asked(i) ? 1 : 0;
    for (const auto one : posture.attempts) expect(may_be_asked(to_number(one)), "one that is down is asked");
    expect(posture.attempts.size() == eligible_ones, "all that may be asked are asked");
    expect(posture.admitted_percent > 0, "requests are let through");
    if (posture.last_chance)
        expect(rules_.try_anyway && posture.attempts.empty(), "the last chance is the last");
    if (posture.returning)
        expect(state_of(to_number(posture.returning->backend)) == verdict::up, "shares go to who is up");
    const auto& active = brain_.modes().current().active;
    if (active && !may_be_asked(to_number(*active)))
        expect(brain_.modes().frozen(), "the mode rests on a backend that is down");
    for (std::size_t i = 1; i + 1 < posture.attempts.size(); ++i)
        expect(state_of(to_number(posture.attempts[i])) != verdict::suspect ||
                   state_of(to_number(posture.attempts[i + 1])) == verdict::suspect,
               "a suspect is asked last");
}

void watched_brain::check_order() {
    const service_posture& posture = brain_.posture();
    const auto& order = brain_.override_in_force()->order;
    expect(posture.pinned == order.pinned, "the posture has the order");
    expect(!posture.trial && !posture.returning && posture.admitted_percent == 100,
           "under an order nothing is tried out");
    if (posture.transparent())
        return expect(posture.attempts == std::vector{index_of(0)}, "transparent: the primary only");
    const bool by_backend = posture.current == mode::primary || posture.current == mode::backup;
    expect(posture.attempts.empty() != by_backend, "a mode by backend asks one, another none");
    if (!by_backend) return;
    expect(posture.attempts.front() == brain_.modes().current().active, "what is ordered is asked first");
    for (std::size_t i = 1; i < posture.attempts.size(); ++i)
        expect(may_be_asked(to_number(posture.attempts[i])), "one that is down is asked unordered");
    if (order.strict && order.pinned == override_mode::primary)
        expect(posture.attempts.size() == 1, "strictly primary: nobody else");
}

/// Trials are the one way to a backend that is down: one ticket at a time, and no more than one in its time.
void watched_brain::check_trials(const std::optional<trial_ticket>& before) {
    const auto& trial = brain_.posture().trial;
    if (!trial || trial == before) return;
    const std::size_t backend = to_number(trial->backend);
    expect(!before || trial->number > before->number, "a new ticket has a new number");
    expect(!next_trial_at_ || now_ >= *next_trial_at_, "tickets come no faster than their interval");
    next_trial_at_ = now_ + rules_.backends[backend].detector.trial_interval;
    expect(state_of(backend) != verdict::up || brain_.domains().doubtful(trial->backend),
           "who is up and in no doubt needs no trial");
    expect(!any_eligible() || brain_.detector(trial->backend).observed().probe_failures == 0,
           "who fails its probes is tried only when nobody else is there");
}

/// What time alone will bring is known, and lies ahead.
void watched_brain::check_due() {
    const auto due = brain_.next_due();
    const auto& order = brain_.override_in_force();
    if (order && order->until)
        expect(due && *due <= std::max(*order->until, now_), "the end of an order is known");
    if (order || !due) return;
    expect(*due > now_, "what is due is done");
}

// --- another configuration ---

void watched_brain::reconfigure(const brain_rules& rules,
                                const std::vector<std::optional<backend_index>>& places) {
    const watched_brain former = *this;
    const placement before = brain_.modes().current();
    const auto actions =
        brain_.adopt(now_, {.rules = rules, .former_places = places, .by = "anna", .reason = "test"});
    rules_ = rules;
    int switchovers = 0;
    int changes = 0;
    for (const auto& action : actions) {
        if (const auto* what = std::get_if<record_switchover>(&action)) {
            ++switchovers;
            check_record(*what);
            expect(what->why == cause::reconfigured && what->from == before,
                   "a reconfiguration's switchover");
        }
        if (const auto* what = std::get_if<record_backend_change>(&action)) {
            ++changes;
            expect(what->from == before.active && what->to == brain_.modes().current().active,
                   "a reconfiguration's other backup");
        }
    }
    std::optional<backend_index> carried;
    for (std::size_t i = 0; i < places.size(); ++i)
        if (places[i] && places[i] == before.active) carried = index_of(i);
    const placement& after = brain_.modes().current();
    const bool other_mode = before.current != after.current;
    expect(switchovers == (other_mode ? 1 : 0), "a reconfiguration that changes the mode says so");
    expect(changes == (!other_mode && before.active && carried != after.active ? 1 : 0),
           "a reconfiguration that changes the backend says so");
    check_carried(former, places);
    carry_account(former.told_, places, actions);
    next_trial_at_.reset();
    check_routes();
}

/// What was told stays told, each thing with its backend; what changes is told.
void watched_brain::carry_account(const account& former,
                                  const std::vector<std::optional<backend_index>>& places,
                                  const std::vector<brain_action>& actions) {
    told_ = present();
    told_.suspects = former.suspects;
    told_.procedure = former.procedure;
    told_.frozen = former.frozen;
    for (std::size_t i = 0; i < places.size(); ++i)
        told_.insurers[i] = places[i] ? former.insurers[to_number(*places[i])] : std::nullopt;
    for (const auto& action : actions) {
        if (const auto* what = std::get_if<record_procedure>(&action)) add(*what);
        if (const auto* what = std::get_if<record_freeze>(&action)) add(*what);
        if (const auto* what = std::get_if<record_domain>(&action)) add(*what);
    }
    const account is = present();
    expect(told_.suspects == is.suspects, "a reconfiguration's suspect domains without a record");
    expect(told_.procedure == is.procedure, "a reconfiguration's procedure without a record");
    expect(told_.frozen == is.frozen, "a reconfiguration's freeze without a record");
}

/// Nothing that was known is forgotten, nothing is made up.
void watched_brain::check_carried(const watched_brain& former,
                                  const std::vector<std::optional<backend_index>>& places) {
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto& now = brain_.detector(index_of(i));
        expect(now.current() == (places[i] ? former.state_of(to_number(*places[i])) : verdict::unknown),
               "a verdict stays with its backend");
        if (places[i])
            expect(now.since() == former.brain_.detector(*places[i]).since(), "and so does its age");
    }
    expect(brain_.override_in_force().has_value() == former.brain_.override_in_force().has_value(),
           "an order outlives a reconfiguration");
}

}  // namespace garde::continuity
