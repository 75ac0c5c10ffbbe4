// See failure_detector.hpp.
#include "garde/continuity/failure_detector.hpp"

#include "garde/continuity/classify.hpp"

#include <algorithm>
#include <utility>

namespace garde::continuity {
namespace {

bool in_service(verdict state) {
    return state == verdict::unknown || state == verdict::up || state == verdict::suspect;
}

/// `base` doubled `times` times, at most `longest`.
milliseconds doubled(milliseconds base, int times, milliseconds longest) {
    milliseconds out = base;
    for (int i = 0; i < times && out < longest; ++i) out *= 2;
    return std::min(out, std::max(base, longest));
}

}  // namespace

failure_detector::failure_detector(const detector_rules& rules, steady_time since)
    : rules_(rules), since_(since), failures_(rules.failure_window), refusals_(rules.failure_window) {}

failure_detector::failure_detector(const detector_rules& rules, verdict left, steady_time since, reason last)
    : failure_detector(rules, since) {
    verdict_ = left;
    if (in_service(left) && left != verdict::suspect) return;
    evidence_.first_symptom = since;
    evidence_.last_reason = last;
    last_symptom_ = since;
}

void failure_detector::adopt(const detector_rules& rules) {
    rules_ = rules;
    needs_trial_ = needs_trial_ && rules.trials_possible;
    failures_.adopt(rules.failure_window);
    refusals_.adopt(rules.failure_window);
}

void failure_detector::disregard() {
    evidence_.probe_failures = 0;
    evidence_.traffic_failures = 0;
    unreached_in_a_row_ = 0;
    failed_in_a_row_ = 0;
    failures_.clear();
    refusals_.clear();
}

void failure_detector::become(verdict next, steady_time now) {
    if (next == verdict_) return;
    verdict_ = next;
    since_ = now;
}

void failure_detector::probe_passed(steady_time now, const surroundings& around) {
    // After failing ones it is worth a trial at once: how long it was out says nothing any more.
    if (passed_in_a_row_++ == 0) {
        trials_failed_ = 0;
        next_trial_ = std::min(next_trial_, now);
    }
    evidence_.probe_failures = 0;
    judge(now, around);
}

void failure_detector::probe_failed(steady_time now, reason why, const surroundings& around) {
    symptom(now, why);
    passed_in_a_row_ = 0;
    ++evidence_.probe_failures;
    judge(now, around);
}

void failure_detector::traffic_answered(steady_time now, std::uint64_t count, const surroundings& around) {
    if (count == 0) return;
    failures_.answered(now, count);
    refusals_.answered(now, count);
    answered_at_ = now;
    evidence_.traffic_failures = 0;
    unreached_in_a_row_ = 0;
    failed_in_a_row_ = 0;
    judge(now, around);
}

void failure_detector::traffic_showed(steady_time now, const sighting& what, const surroundings& around) {
    if (what.as == errand::trial && what.what != showed::slow) note_trial(now, what);
    switch (what.what) {
        case showed::answered: return traffic_answered(now, 1, around);
        case showed::refused: note_doubt(now, what, refusals_); break;
        case showed::slow: note_doubt(now, what, failures_); break;
        case showed::failed: note_failure(now, what); break;
    }
    judge(now, around);
}

/// An answer, but one that speaks against the backend.
void failure_detector::note_doubt(steady_time now, const sighting& what, failure_window& in) {
    if (!in.enter(now, what)) return;
    symptom(now, what.why);
    wish_probe(now);
}

/// The failures that count for themselves are those before the backend can have seen the request.
void failure_detector::note_failure(steady_time now, const sighting& what) {
    const bool unreached = !may_have_been_processed(what.why);
    const bool counts = failures_.enter(now, what) || unreached;
    if (counts) symptom(now, what.why);
    ++evidence_.requests_touched;
    if (!counts) return;
    ++evidence_.traffic_failures;
    ++(unreached ? unreached_in_a_row_ : failed_in_a_row_);
    if (unreached) {
        unreached_lately_ = true;
        passed_in_a_row_ = 0;
    }
    wish_probe(now);
}

void failure_detector::symptom(steady_time now, reason why) {
    const bool first = evidence_.probe_failures == 0 && evidence_.traffic_failures == 0;
    if (first && in_service(verdict_) && verdict_ != verdict::suspect) {
        evidence_.first_symptom = now;
        evidence_.requests_touched = 0;
    }
    evidence_.last_reason = why;
    last_symptom_ = now;
}

void failure_detector::wish_probe(steady_time now) {
    if (!in_service(verdict_)) return;
    if (probe_wished_ && now < *probe_wished_ + least_suspicion) return;
    probe_wished_ = now;
    probe_wish_ = true;
}

bool failure_detector::take_probe_wish() {
    return std::exchange(probe_wish_, false);
}

void failure_detector::judge(steady_time now, const surroundings& around) {
    evidence_.callers = failures_.of(now).callers;
    if (!in_service(verdict_)) {
        if (rises(now)) return come_up(now);
        return become(passed_in_a_row_ > 0 ? verdict::recovering : verdict::down, now);
    }
    if (falls(now, around)) return go_down(now);
    if (verdict_ == verdict::suspect) {
        if (calm(now, around)) come_up(now);
    } else if (looks_bad(now, around)) {
        become(verdict::suspect, now);
        wish_probe(now);
    } else if (passed_in_a_row_ > 0 || answered_at_) {
        become(verdict::up, now);
    }
}

bool failure_detector::falls(steady_time now, const surroundings& around) const {
    // A node that is cut off itself sees everybody fail.
    if (around.references && (!around.network_seen || *around.network_seen < evidence_.first_symptom))
        return false;
    return falls_by_probes(now, around) || falls_by_traffic(now, around);
}

/// The last backend is not taken down by one probe, nor by any while it answers real requests.
bool failure_detector::falls_by_probes(steady_time now, const surroundings& around) const {
    if (!around.sole) return evidence_.probe_failures >= rules_.fall;
    return !answers(now) && evidence_.probe_failures >= std::max(rules_.fall, 2);
}

bool failure_detector::falls_by_traffic(steady_time now, const surroundings& around) const {
    if (unreached_in_a_row_ >= rules_.traffic_fall) return true;
    const auto seen = failures_.of(now, insurer_apart(now));
    if (seen.callers < rules_.distinct_callers) return false;
    if (failed_in_a_row_ >= rules_.traffic_fall && several_failed_since_answer(now)) return true;
    return seen.answered + seen.failed >= rules_.failure_volume && rate_exceeded(seen, around);
}

bool failure_detector::several_failed_since_answer(steady_time now) const {
    return failures_.callers_after(now, answered_at_.value_or(steady_time{}), insurer_apart(now)) >=
           rules_.distinct_callers;
}

/// Most of what failed asked one insurer, while other questions are answered: that is the insurer's trouble,
/// and only the rest speaks of the backend.
insurer failure_detector::insurer_apart(steady_time now) const {
    return failures_.of(now).answered > 0 ? failures_.mostly_asked(now).asked : insurer::unknown;
}

bool failure_detector::rate_exceeded(std::uint64_t bad, std::uint64_t attempts) const {
    return rules_.failure_rate > 0 && bad > 0 &&
           bad * 100 >= attempts * static_cast<std::uint64_t>(rules_.failure_rate);
}

/// Being slow is no reason to lose the only one that answers.
bool failure_detector::rate_exceeded(const failure_window::counts& seen, const surroundings& around) const {
    return rate_exceeded(seen.failed + (around.sole ? 0 : seen.slow), seen.answered + seen.failed);
}

bool failure_detector::traffic_looks_bad(steady_time now, const surroundings& around) const {
    const auto refused = refusals_.of(now);  // they are among those answered
    if (refused.callers >= rules_.distinct_callers && rate_exceeded(refused.failed, refused.answered))
        return true;
    const auto seen = failures_.of(now, insurer_apart(now));
    if (seen.callers < rules_.distinct_callers) return false;
    return several_failed_since_answer(now) || rate_exceeded(seen, around);
}

bool failure_detector::looks_bad(steady_time now, const surroundings& around) const {
    return evidence_.probe_failures > 0 || unreached_lately_ || traffic_looks_bad(now, around);
}

/// A suspicion is over when something good was seen since the last bad thing. Trials that were answered speak
/// louder than what failed before them.
bool failure_detector::calm(steady_time now, const surroundings& around) const {
    const bool good = passed_in_a_row_ >= rules_.rise || (answered_at_ && *answered_at_ > last_symptom_);
    return good && now >= last_symptom_ + least_suspicion && now >= since_ + least_suspicion &&
           evidence_.probe_failures == 0 &&
           (trials_passed_ >= rules_.rise || !traffic_looks_bad(now, around));
}

/// Down by probes: back by probes. Down by traffic, or failing its trials while its probes pass: back by
/// trials, or by probes when for the length of an ejection nobody came by to try. Who answers trials is up
/// whatever its probes say.
bool failure_detector::rises(steady_time now) const {
    if (trials_passed_ >= rules_.rise) return true;
    if (now < ejected_until_ || passed_in_a_row_ < rules_.rise) return false;
    if (!needs_trial_) return true;
    const auto waived = trials_waived_at();
    return waived && now >= *waived;
}

std::optional<steady_time> failure_detector::trials_waived_at() const {
    return trials_since_ ? std::optional(*trials_since_ + rules_.ejection_time) : std::nullopt;
}

void failure_detector::go_down(steady_time now) {
    const bool by_traffic = !falls_by_probes(now, {.sole = false, .network_seen = {}, .references = false});
    if (returned_at_ + rules_.longest_ejection < now) ejections_ = 0;
    needs_trial_ = by_traffic && rules_.trials_possible;
    if (by_traffic)
        ejected_until_ = now + doubled(rules_.ejection_time, ejections_++, rules_.longest_ejection);
    passed_in_a_row_ = 0;
    trials_passed_ = 0;
    trials_failed_ = 0;
    trials_since_.reset();
    next_trial_ = now + rules_.trial_interval;
    become(verdict::down, now);
}

/// Failing probes leave a suspicion, as old as they are: it is asked when nobody better is there.
void failure_detector::come_up(steady_time now) {
    if (!in_service(verdict_)) returned_at_ = now;
    needs_trial_ = false;
    trials_since_.reset();
    trials_passed_ = 0;
    unreached_lately_ = false;
    unreached_in_a_row_ = 0;
    failed_in_a_row_ = 0;
    failures_.clear();
    refusals_.clear();
    const evidence former = std::exchange(evidence_, {});
    if (former.probe_failures > 0)
        evidence_ = {.first_symptom = former.first_symptom,
                     .probe_failures = former.probe_failures,
                     .last_reason = former.last_reason};
    become(former.probe_failures > 0 ? verdict::suspect : verdict::up, now);
}

/// A request that has failed as a trial and fails as one again may be at fault itself: it is as if nobody had
/// come. One that fails while probes pass shows that passing probes are not enough.
void failure_detector::note_trial(steady_time now, const sighting& what) {
    const bool passed = what.what == showed::answered;
    if (!passed && may_have_been_processed(what.why)) {
        const asker one{what.caller, what.request};
        if (last_failed_trial_ == one) return;
        last_failed_trial_ = one;
    }
    trials_since_.reset();
    trials_passed_ = passed ? trials_passed_ + 1 : 0;
    trials_failed_ = passed ? 0 : std::min(trials_failed_ + 1, most_trial_doublings);
    next_trial_ = now + doubled(rules_.trial_interval, trials_failed_, rules_.longest_ejection);
    if (!passed && passed_in_a_row_ > 0 && !in_service(verdict_)) needs_trial_ = rules_.trials_possible;
}

void failure_detector::trial_offered(steady_time now) {
    if (!trials_since_) trials_since_ = now;
    next_trial_ = now + doubled(rules_.trial_interval, trials_failed_, rules_.longest_ejection);
}

std::optional<steady_time> failure_detector::trial_due(bool desperate) const {
    if (!rules_.trials_possible || verdict_ == verdict::up || verdict_ == verdict::unknown)
        return std::nullopt;
    if (desperate) return verdict_ == verdict::suspect ? std::nullopt : std::optional(next_trial_);
    if (evidence_.probe_failures > 0 || passed_in_a_row_ == 0) return std::nullopt;
    if (!in_service(verdict_) && !needs_trial_) return std::nullopt;  // its probes will do
    return std::max(next_trial_, ejected_until_);
}

bool failure_detector::answers(steady_time now) const {
    return answered_at_ && *answered_at_ + rules_.failure_window > now && evidence_.traffic_failures == 0;
}

probe_pace failure_detector::pace() const {
    switch (verdict_) {
        case verdict::suspect:
        case verdict::recovering: return probe_pace::fast;
        case verdict::down: return probe_pace::slow;
        case verdict::unknown:
        case verdict::up: break;
    }
    return probe_pace::normal;
}

std::optional<insurer> failure_detector::insurer_failing(steady_time now) const {
    const auto most = failures_.mostly_asked(now);
    if (insurer_apart(now) == insurer::unknown || most.callers < rules_.distinct_callers) return std::nullopt;
    return most.asked;
}

std::optional<steady_time> failure_detector::ejected_until(steady_time now) const {
    return in_service(verdict_) || ejected_until_ <= now ? std::nullopt : std::optional(ejected_until_);
}

/// Who is in service may still go down: good answers can bring the window to the volume that proves a rate.
milliseconds failure_detector::recovery_bound(steady_time now, milliseconds every) const {
    const milliseconds calms = rules_.failure_window + least_suspicion + (rules_.rise + 1) * every;
    const milliseconds tries = std::max(rules_.ejection_time + rules_.trial_interval,
                                        rules_.rise * std::max(rules_.trial_interval, every)) +
                               every;
    if (in_service(verdict_))
        return calms + doubled(rules_.ejection_time, ejections_, rules_.longest_ejection) + tries;
    const steady_time waits = std::max({now, ejected_until_, next_trial_});
    return std::chrono::ceil<milliseconds>(waits - now) + calms + tries;
}

}  // namespace garde::continuity
