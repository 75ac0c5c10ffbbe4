// What the brain says of itself for operators: a snapshot of all that its next decisions rest on. See
// brain.hpp.
#include "garde/continuity/brain.hpp"

namespace garde::continuity {

explanation service_brain::explain(steady_time now) const {
    explanation out{.now = machine_.current(),
                    .since = machine_.since(),
                    .last = last_,
                    .backends = {},
                    .attempts = posture_.attempts,
                    .last_chance = posture_.last_chance,
                    .suspects = domains_.suspects(),
                    .back = {},
                    .returning = machine_.returning(),
                    .admitted_percent = posture_.admitted_percent,
                    .share_until = machine_.share_until(),
                    .hold_down = machine_.hold_before_leaving(),
                    .relapses = machine_.relapses(),
                    .frozen_until = machine_.frozen_until(),
                    .cut_off = cut_off_,
                    .without_order = {},
                    .procedure_active = procedure_.active(),
                    .procedure_since = {},
                    .procedure_closes = procedure_.next_due(),
                    .next_due = next_due(),
                    .rules = machine_.rules()};
    if (procedure_.active()) out.procedure_since = procedure_.since();
    if (override_) {
        mode_machine freed = machine_;
        (void)freed.update(now, views(now), std::nullopt);
        out.without_order = freed.current();
    } else {
        out.back = machine_.next_return(now, views(now));
    }
    for (std::size_t i = 0; i < detectors_.size(); ++i)
        out.backends.push_back(explain_backend(now, static_cast<backend_index>(i)));
    return out;
}

backend_explanation service_brain::explain_backend(steady_time now, backend_index backend) const {
    const std::size_t number = to_number(backend);
    const auto& one = detectors_[number];
    return {.state = one.current(),
            .since = one.since(),
            .observed = one.observed(),
            .doubts = domains_.doubts(backend),
            .needs_trial = one.needs_trial(),
            .trial_offered = ticket_ && ticket_->backend == backend,
            .trials_passed = one.trials_passed(),
            .next_trial = trial_due(number),
            .trials_waived_at = one.trials_waived_at(),
            .probes_passed = one.probes_passed(),
            .ejected_until = one.ejected_until(now),
            .usual = latencies_[number].quantile(50),
            .insurer_failing = one.insurer_failing(now),
            .rules = one.rules()};
}

}  // namespace garde::continuity
