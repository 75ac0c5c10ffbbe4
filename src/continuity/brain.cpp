// See brain.hpp.
#include "garde/continuity/brain.hpp"

#include <utility>

namespace garde::continuity {

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
    : detectors_(rules.backends, failure_detector(rules.detector, now)), machine_(rules.modes, now) {
    posture_.attempts = machine_.attempts(views(), order());
}

service_brain::service_brain(const brain_rules& rules, const remembered_service& what)
    : machine_(rules.modes, what.since, what.active) {
    for (const auto& one : what.backends)
        detectors_.emplace_back(rules.detector, one.state, one.since, one.last_reason);
    posture_ = present_posture();
}

std::vector<backend_view> service_brain::views() const {
    std::vector<backend_view> out;
    out.reserve(detectors_.size());
    for (const auto& detector : detectors_) out.push_back({detector.current(), detector.since()});
    return out;
}

std::optional<override_order> service_brain::order() const {
    if (!override_) return std::nullopt;
    return override_->order;
}

std::vector<brain_action> service_brain::probe_passed(steady_time now, backend_index backend) {
    return observe(now, backend, [&](failure_detector& d) { d.probe_passed(now); });
}

std::vector<brain_action> service_brain::probe_failed(steady_time now, backend_index backend, reason why) {
    return observe(now, backend, [&](failure_detector& d) { d.probe_failed(now, why); });
}

std::vector<brain_action> service_brain::traffic_answered(steady_time now, backend_index backend,
                                                          std::uint64_t count) {
    return observe(now, backend, [&](failure_detector& d) { d.traffic_answered(now, count); });
}

std::vector<brain_action> service_brain::traffic_failed(steady_time now, backend_index backend, reason why) {
    return observe(now, backend, [&](failure_detector& d) { d.traffic_failed(now, why); });
}

template <class Observe>
std::vector<brain_action> service_brain::observe(steady_time now, backend_index backend, Observe&& change) {
    failure_detector& detector = detectors_[to_number(backend)];
    const verdict before = detector.current();
    const evidence known = detector.observed();
    change(detector);
    const verdict after = detector.current();

    std::vector<brain_action> out;
    const bool came_back = after == verdict::up && (before == verdict::recovering || before == verdict::down);
    const bool worth_a_record = after == verdict::down || came_back;
    if (before != after && worth_a_record)
        out.emplace_back(
            record_verdict{backend, before, after, after == verdict::up ? known : detector.observed()});
    if (before != after && detector.wants_fast_probe()) out.emplace_back(probe_now{backend});
    settle(now, {}, out);
    return out;
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
    auto due = machine_.next_due();
    if (override_ && override_->until && (!due || *override_->until < *due)) due = override_->until;
    return due;
}

/// Brings mode and posture in line with what is known now, and says what changed.
void service_brain::settle(steady_time now, const trigger& by, std::vector<brain_action>& out) {
    const auto former = machine_.update(now, views(), order());
    if (service_posture next = present_posture(); next != posture_) {
        posture_ = std::move(next);
        out.emplace_back(publish_posture{posture_});
    }
    if (former) tell_change(now, *former, by, out);
}

service_posture service_brain::present_posture() const {
    service_posture out;
    out.current = machine_.current().current;
    if (override_) out.pinned = override_->order.pinned;
    out.attempts = machine_.attempts(views(), order());
    return out;
}

void service_brain::tell_change(steady_time now, const placement& from, const trigger& by,
                                std::vector<brain_action>& out) const {
    if (from.current != machine_.current().current)
        out.emplace_back(describe(now, from, by));
    else if (from.active && machine_.current().active)
        out.emplace_back(record_backend_change{*from.active, *machine_.current().active});
}

std::vector<brain_action> service_brain::adopt(steady_time now, const reconfiguration& what) {
    const placement before = machine_.current();
    mode_machine::carried_over carried;
    std::vector<failure_detector> next;
    for (std::size_t i = 0; i < what.rules.backends; ++i) {
        const auto& place = what.former_places[i];
        if (!place) {
            next.emplace_back(what.rules.detector, now);
            carried.somebody_new = true;
            continue;
        }
        next.push_back(detectors_[to_number(*place)]);
        next.back().adopt(what.rules.detector);
        if (place == before.active) carried.active = static_cast<backend_index>(i);
    }
    detectors_ = std::move(next);
    const bool changed = machine_.adopt(now, what.rules.modes, carried, views(), order());
    posture_ = present_posture();
    std::vector<brain_action> out;
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
