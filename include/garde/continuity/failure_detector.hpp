// Turns what is observed of one backend, by probes and in traffic, into a verdict. Pure: events and the time
// go in.
//
//   unknown ──good──▶ up ◀───────────── back: see rises() ───────────── recovering
//      │              │ ▲                                                ▲    │
//      │           bad│ │calm again                         a good probe │    │a bad one
//      │              ▼ │                                                │    ▼
//      └─────────▶ suspect ──── fall: see falls() ───────────────────▶ down
//
// Probes and traffic are counted apart: a passing probe does not excuse a backend that fails its traffic, and
// who went down by traffic comes back by traffic: by trials, real requests that are given to it now and then.
// A failure to connect speaks for itself. Any other failure in traffic may be the request's own fault: it
// counts once per caller and request, and only several callers change a verdict.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/failure_window.hpp"
#include "garde/continuity/sighting.hpp"
#include "garde/continuity/types.hpp"

#include <cstdint>
#include <optional>

namespace garde::continuity {

struct detector_rules {
    int rise = 2;                       ///< passing probes, or trials, in a row before a backend is up again
    int fall = 3;                       ///< failing probes in a row before a backend is down
    int traffic_fall = 5;               ///< failed attempts in a row before a backend is down
    std::size_t distinct_callers = 3;   ///< who must have failed before traffic changes a verdict
    int failure_rate = 25;              ///< percent of the window's attempts that take it down; 0: none do
    std::uint64_t failure_volume = 20;  ///< fewer attempts in the window prove nothing
    milliseconds failure_window{10'000};  ///< how far back the rate looks
    milliseconds ejection_time{
        10'000};  ///< who traffic took down stays out so long; doubles with each relapse
    milliseconds longest_ejection{300'000};  ///< never longer than this; up for so long, and all is forgiven
    milliseconds trial_interval{1'000};      ///< between two trials; doubles with each one that fails
    bool trials_possible = true;             ///< false: no route's requests may be sent twice
};

/// What the verdict rests on; goes into the journal.
struct evidence {
    steady_time first_symptom{};         ///< of the present trouble
    int probe_failures = 0;              ///< in a row
    int traffic_failures = 0;            ///< in a row; of those that count
    std::uint64_t requests_touched = 0;  ///< attempts that failed since the first symptom
    std::size_t callers = 0;             ///< different ones among the failures that count, lately
    reason last_reason = reason::none;
};

/// What a verdict has to take into account besides the backend.
struct surroundings {
    bool sole = false;  ///< no other backend may be asked
    /// When a reference address answered last; nothing without references.
    std::optional<steady_time> network_seen;
    bool references = false;  ///< there are some: nobody goes down before one of them has answered
};

class failure_detector {
  public:
    /// How long a suspicion lasts at least, and how often failures ask for a probe out of turn.
    static constexpr milliseconds least_suspicion{1'000};
    static constexpr int most_trial_doublings = 5;

    /// `since`: from when on it watches.
    explicit failure_detector(const detector_rules& rules, steady_time since = {});
    /// As another process left it; what it had counted so far begins anew.
    failure_detector(const detector_rules& rules, verdict left, steady_time since, reason last);

    void probe_passed(steady_time now, const surroundings& around);
    void probe_failed(steady_time now, reason why, const surroundings& around);
    /// `count` attempts in traffic that the backend answered.
    void traffic_answered(steady_time now, std::uint64_t count, const surroundings& around);
    void traffic_showed(steady_time now, const sighting& what, const surroundings& around);
    /// The surroundings are others, or time has passed.
    void reconsider(steady_time now, const surroundings& around) { judge(now, around); }

    /// What failed lately did so because this node was cut off: it says nothing of the backend.
    void disregard();

    /// Other rules from now on. What was observed stays, and so does the verdict: the next event is judged by
    /// them.
    void adopt(const detector_rules& rules);

    /// Whether it should be given a trial, and from when on. `desperate`: nobody else can be asked, so that
    /// failing probes are no reason to wait.
    [[nodiscard]] std::optional<steady_time> trial_due(bool desperate) const;
    void trial_offered(steady_time now);
    /// From when on it may be given one for another reason than its health; nothing when no request can be
    /// one.
    [[nodiscard]] std::optional<steady_time> next_trial() const {
        return rules_.trials_possible ? std::optional(next_trial_) : std::nullopt;
    }

    [[nodiscard]] verdict current() const { return verdict_; }
    /// Since when the verdict is what it is.
    [[nodiscard]] steady_time since() const { return since_; }
    [[nodiscard]] const evidence& observed() const { return evidence_; }
    /// It has answered real requests lately, and the last ones were no failures.
    [[nodiscard]] bool answers(steady_time now) const;
    /// How closely it wants to be watched.
    [[nodiscard]] probe_pace pace() const;
    /// Failures ask for a probe at once. Says so once.
    [[nodiscard]] bool take_probe_wish();
    /// One insurer's questions fail here while others are answered.
    [[nodiscard]] std::optional<insurer> insurer_failing(steady_time now) const;
    /// Until when it is out at least; nothing when it is not, or is no longer.
    [[nodiscard]] std::optional<steady_time> ejected_until(steady_time now) const;
    /// How long until it is up, at most, when nothing but good is seen of it from now on, and something at
    /// least once in `every`.
    [[nodiscard]] milliseconds recovery_bound(steady_time now, milliseconds every) const;
    /// It went down by traffic, or fails its trials while its probes pass: those do not bring it back.
    [[nodiscard]] bool needs_trial() const { return needs_trial_; }
    [[nodiscard]] int trials_passed() const { return trials_passed_; }
    /// When passing probes are enough all the same, because nobody came by to try; nothing while trials are
    /// made.
    [[nodiscard]] std::optional<steady_time> trials_waived_at() const;
    /// Passing probes in a row.
    [[nodiscard]] int probes_passed() const { return passed_in_a_row_; }
    /// When it last proved that it works as a whole: by traffic or a trial.
    [[nodiscard]] std::optional<steady_time> answered_at() const { return answered_at_; }
    [[nodiscard]] const detector_rules& rules() const { return rules_; }

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    void judge(steady_time now, const surroundings& around);
    void become(verdict next, steady_time now);
    void go_down(steady_time now);
    void come_up(steady_time now);
    [[nodiscard]] bool falls(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool falls_by_probes(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool falls_by_traffic(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool several_failed_since_answer(steady_time now) const;
    [[nodiscard]] insurer insurer_apart(steady_time now) const;
    [[nodiscard]] bool rate_exceeded(std::uint64_t bad, std::uint64_t attempts) const;
    [[nodiscard]] bool rate_exceeded(const failure_window::counts& seen, const surroundings& around) const;
    [[nodiscard]] bool looks_bad(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool traffic_looks_bad(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool calm(steady_time now, const surroundings& around) const;
    [[nodiscard]] bool rises(steady_time now) const;
    void symptom(steady_time now, reason why);
    void note_failure(steady_time now, const sighting& what);
    void note_doubt(steady_time now, const sighting& what, failure_window& in);
    void note_trial(steady_time now, const sighting& what);
    void wish_probe(steady_time now);

    detector_rules rules_;
    verdict verdict_ = verdict::unknown;
    steady_time since_{};
    evidence evidence_;

    int passed_in_a_row_ = 0;        ///< probes
    int unreached_in_a_row_ = 0;     ///< attempts that could not even connect
    int failed_in_a_row_ = 0;        ///< other attempts, as far as they count
    bool unreached_lately_ = false;  ///< since it was last thought well of
    failure_window failures_;
    failure_window refusals_;
    std::optional<steady_time> answered_at_;
    steady_time last_symptom_{};
    std::optional<steady_time> probe_wished_;
    bool probe_wish_ = false;

    bool needs_trial_ = false;
    int ejections_ = 0;          ///< without a long time in service in between
    steady_time returned_at_{};  ///< into service, after it had been down
    steady_time ejected_until_{};
    std::optional<steady_time> trials_since_;  ///< offered since then, and none was made
    steady_time next_trial_{};
    int trials_passed_ = 0;  ///< in a row
    int trials_failed_ = 0;  ///< in a row
    struct asker {
        std::uint64_t caller = 0;
        std::uint64_t request = 0;
        friend bool operator==(const asker&, const asker&) = default;
    };
    std::optional<asker> last_failed_trial_;  ///< where the request may have been at fault
};

}  // namespace garde::continuity
