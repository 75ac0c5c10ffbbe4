// Turns what is observed of one backend, by probes and in traffic, into a verdict. Pure: events and the time
// go in.
//
//   unknown ──ok──▶ up ◀──────────── rise × ok, ejection over ─────────── recovering
//      │             │ ▲                                                    ▲    │
//      │           fail│ok                                                ok│    │fail
//      │             ▼ │                                                    │    ▼
//      └──fall × fail / traffic_fall × failed in traffic──▶ (suspect) ────▶ down
//
// Probes and traffic are counted apart: a passing probe does not excuse a backend that fails its traffic.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/types.hpp"

#include <cstdint>
#include <string>

namespace garde::continuity {

struct detector_rules {
    int rise = 2;                        ///< passing probes in a row before a recovering backend is up
    int fall = 3;                        ///< failing probes in a row before a backend is down
    int traffic_fall = 5;                ///< failed attempts in a row before a backend is down
    milliseconds ejection_time{10'000};  ///< a backend that traffic took down stays out at least so long
};

/// What the verdict rests on; goes into the journal.
struct evidence {
    steady_time first_symptom{};         ///< of the present trouble
    int probe_failures = 0;              ///< in a row
    int traffic_failures = 0;            ///< in a row
    std::uint64_t requests_touched = 0;  ///< attempts that failed since the first symptom
    reason last_reason = reason::none;
};

class failure_detector {
  public:
    /// `since`: from when on it watches.
    explicit failure_detector(const detector_rules& rules, steady_time since = {})
        : rules_(rules), since_(since) {}

    /// As another process left it; what it had counted so far begins anew.
    failure_detector(const detector_rules& rules, verdict left, steady_time since, reason last);

    void probe_passed(steady_time now);
    void probe_failed(steady_time now, reason why);

    /// `count` attempts in traffic that the backend answered.
    void traffic_answered(steady_time now, std::uint64_t count);
    void traffic_failed(steady_time now, reason why);

    /// Other rules from now on. What was observed stays, and so does the verdict: the next event is judged by
    /// them.
    void adopt(const detector_rules& rules) { rules_ = rules; }

    [[nodiscard]] verdict current() const { return verdict_; }
    /// Since when the verdict is what it is.
    [[nodiscard]] steady_time since() const { return since_; }
    [[nodiscard]] const evidence& observed() const { return evidence_; }
    /// Failures point at trouble that the next probe should confirm or refute at once.
    [[nodiscard]] bool wants_fast_probe() const { return verdict_ == verdict::suspect; }

  private:
    void become(verdict next, steady_time now);
    void symptom(steady_time now, reason why);
    void clear_symptoms();

    detector_rules rules_;
    verdict verdict_ = verdict::unknown;
    steady_time since_{};
    steady_time ejected_until_{};
    int passed_in_a_row_ = 0;
    evidence evidence_;
};

}  // namespace garde::continuity
