// The state of the machines as bytes that are equal when nothing tells the states apart any more: times count
// from now and end where they no longer matter, counters end where more is the same. For explorations.
#pragma once

#include "garde/continuity/brain.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace garde::continuity {

/// What the rules of an exploration leave undecided about where times and counters end.
struct horizon {
    milliseconds unit{1'000};  ///< all times of the rules are multiples of it
    int since = 8;             ///< units; no rule looks further back at a verdict or a mode
    int answers = 0;           ///< more of them in a slice of the window are the same; 0: no rate counts
};

struct state_reader {
    state_reader(steady_time now, const horizon& far) : now_(now), far_(far) {}

    void put(std::int64_t value) { out.push_back(static_cast<char>(value)); }
    void put_age(const std::optional<steady_time>& at, std::int64_t most) {
        put(at ? std::clamp<std::int64_t>((now_ - *at) / far_.unit, 0, most) : -1);
    }
    void put_rest(const std::optional<steady_time>& at, std::int64_t most = 100) {
        put(at ? std::clamp<std::int64_t>((*at - now_) / far_.unit, 0, most) : -1);
    }
    [[nodiscard]] std::int64_t units(milliseconds time) const { return time / far_.unit; }

    void read(const failure_window& of) {
        std::vector<std::string> entries;
        for (const auto& one : of.entries_) {
            if (!of.recent(one, now_)) continue;
            state_reader entry(now_, far_);
            entry.put_age(one.at, 100);
            entry.put(static_cast<std::int64_t>(one.caller));
            entry.put(static_cast<std::int64_t>(one.request));
            entry.put(static_cast<std::int64_t>(one.asked));
            entry.put(static_cast<std::int64_t>(one.what));
            entries.push_back(std::move(entry.out));
        }
        std::ranges::sort(entries);
        put(static_cast<std::int64_t>(entries.size()));
        for (const auto& one : entries) out += one;
        if (far_.answers == 0) return;
        const std::int64_t present = of.slice_of(now_);
        for (std::int64_t age = 0; age < static_cast<std::int64_t>(failure_window::slices); ++age) {
            const auto& one = of.counted_[static_cast<std::size_t>(present - age) % failure_window::slices];
            const bool counts = one.number == present - age;
            put(counts ? std::min<std::int64_t>(far_.answers, one.answered) : 0);
            put(counts ? std::min<std::int64_t>(far_.answers, one.failed) : 0);
            put(counts ? std::min<std::int64_t>(far_.answers, one.slow) : 0);
        }
    }

    void read(const failure_detector& of) {
        const auto& rules = of.rules_;
        put(static_cast<std::int64_t>(of.verdict_));
        put_age(of.since_, far_.since);
        put(std::min(of.evidence_.probe_failures, std::max(rules.fall, 2)));
        put(std::min(of.passed_in_a_row_, rules.rise));
        // What traffic showed is forgotten by who comes back.
        const bool in_service = eligible(of.verdict_);
        if (in_service) {
            put(std::min(of.evidence_.traffic_failures, 1));
            put(std::min(of.unreached_in_a_row_, rules.traffic_fall));
            put(std::min(of.failed_in_a_row_, rules.traffic_fall));
            put(of.unreached_lately_);
            read(of.failures_);
            read(of.refusals_);
        }
        put_age(of.answered_at_, units(rules.failure_window) + 1);
        put(of.answered_at_ && *of.answered_at_ > of.last_symptom_);
        put_age(of.last_symptom_, units(failure_detector::least_suspicion));
        put(of.needs_trial_);
        put(doublings(rules.ejection_time, of.ejections_, rules.longest_ejection));
        put_age(of.returned_at_, units(rules.longest_ejection) + 1);
        put_rest(of.ejected_until_);
        put_age(of.trials_since_, units(rules.ejection_time));
        put_rest(of.next_trial_);
        put(std::min(of.trials_passed_, rules.rise));
        put(of.last_failed_trial_ ? static_cast<std::int64_t>(of.last_failed_trial_->caller) : -1);
        put(doublings(rules.trial_interval, of.trials_failed_, rules.longest_ejection));
    }

    void read(const mode_machine& of) {
        const auto& rules = of.rules_;
        put(static_cast<std::int64_t>(of.placement_.current));
        put(of.placement_.active ? static_cast<std::int64_t>(*of.placement_.active) : -1);
        put(of.anew_);
        put_age(of.since_, units(rules.min_dwell));
        put_rest(of.next_due_);
        for (const auto& steps : {of.canary_, of.ramp_}) {
            put(steps ? static_cast<std::int64_t>(steps->backend) : -1);
            put(steps ? static_cast<std::int64_t>(steps->stage) : -1);
            put_age(steps ? std::optional(steps->since) : std::nullopt, 100);
        }
        put(of.holding_out_);
        put(std::max(doublings(rules.hold_down, of.relapses_, rules.longest_hold_down),
                     doublings(rules.degraded_hold_down, of.relapses_, rules.hold_down)));
        put_age(of.returned_at_, units(std::max(rules.longest_hold_down, rules.hold_down)));
        put(of.frozen_);
        for (const auto& one : of.changes_)
            if (one + std::chrono::hours(1) > now_ && rules.switchovers_per_hour < 100) put_age(one, 100);
    }

    void read(const procedure_flag& of) {
        put(of.active_);
        put(of.needed_);
        put(of.ordered_);
        const bool closes = of.active_ && !of.needed_ && of.rules_.closes_after.has_value();
        put_age(closes ? std::optional(of.back_since_) : std::nullopt,
                closes ? units(*of.rules_.closes_after) : 0);
    }

    /// A suspicion's memory of a day is longer than any exploration: its age is left out.
    void read(const domain_watch& of) {
        put(static_cast<std::int64_t>(of.suspects_.size()));
        for (const auto& one : of.suspects_) {
            out += one.kind + '/' + one.name + '/';
            put(one.lapsed);
        }
    }

    void read(const service_brain& of) {
        for (const auto& one : of.detectors_) read(one);
        read(of.domains_);
        read_order_of_times(of);
        read(of.machine_);
        read(of.procedure_);
        put(of.override_ ? static_cast<std::int64_t>(of.override_->order.pinned) : -1);
        put(of.override_ && of.override_->order.strict);
        put_rest(of.override_ ? of.override_->until : std::nullopt);
        put(of.cut_off_);
        put(of.ticket_ ? static_cast<std::int64_t>(of.ticket_->backend) : -1);
        put_rest(of.next_ticket_);
        for (const auto& one : of.insurers_) put(one ? static_cast<std::int64_t>(*one) : -1);
    }

    std::string out;

  private:
    /// How often `base` is doubled before nothing grows any more.
    static int doublings(milliseconds base, int times, milliseconds longest) {
        int done = 0;
        for (milliseconds grown = base; done < times && grown < longest; grown *= 2) ++done;
        return done;
    }

    /// Of symptoms, proofs and trials it matters which came first, however long ago, and which were together.
    void read_order_of_times(const service_brain& of) {
        for (std::size_t a = 0; a < of.detectors_.size(); ++a) {
            const auto& one = of.detectors_[a];
            const auto proven = std::max(of.proven_[a], one.answered_at());
            put_age(one.observed().first_symptom, units(of.rules_.domain_window) + 1);
            put(of.rules_.references &&
                (!of.network_seen_ || *of.network_seen_ < one.observed().first_symptom));
            for (const auto& domain : of.domains_.suspects_) put(!proven || *proven <= domain.since);
            for (std::size_t b = 0; b < of.detectors_.size(); ++b) {
                const auto& other = of.detectors_[b];
                put(!proven || *proven <= other.observed().first_symptom);
                const auto apart = one.observed().first_symptom - other.observed().first_symptom;
                put(apart <= of.rules_.domain_window && -apart <= of.rules_.domain_window);
                put(one.next_trial_ < other.next_trial_);
                put(std::max(one.next_trial_, one.ejected_until_) <
                    std::max(other.next_trial_, other.ejected_until_));
            }
        }
    }

    steady_time now_;
    const horizon& far_;
};

template <class Machine>
std::string fingerprint(const Machine& of, steady_time now, const horizon& far) {
    state_reader reader(now, far);
    reader.read(of);
    return std::move(reader.out);
}

}  // namespace garde::continuity
