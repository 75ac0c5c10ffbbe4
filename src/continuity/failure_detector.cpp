// See failure_detector.hpp.
#include "garde/continuity/failure_detector.hpp"

namespace garde::continuity {

failure_detector::failure_detector(const detector_rules& rules, verdict left, steady_time since, reason last)
    : rules_(rules), verdict_(left), since_(since) {
    if (left != verdict::suspect && left != verdict::down && left != verdict::recovering) return;
    evidence_.first_symptom = since;
    evidence_.last_reason = last;
}

void failure_detector::become(verdict next, steady_time now) {
    if (next == verdict_) return;
    verdict_ = next;
    since_ = now;
}

void failure_detector::symptom(steady_time now, reason why) {
    if (evidence_.probe_failures == 0 && evidence_.traffic_failures == 0 && verdict_ != verdict::down &&
        verdict_ != verdict::recovering) {
        evidence_.first_symptom = now;
        evidence_.requests_touched = 0;
    }
    evidence_.last_reason = why;
}

void failure_detector::clear_symptoms() {
    evidence_ = evidence{};
}

void failure_detector::probe_passed(steady_time now) {
    ++passed_in_a_row_;
    evidence_.probe_failures = 0;
    switch (verdict_) {
        case verdict::unknown: become(verdict::up, now); break;
        case verdict::up: break;
        case verdict::suspect:
            // Failures in traffic are only forgotten when traffic succeeds; until then the count goes on from
            // where it was.
            if (passed_in_a_row_ >= rules_.rise) become(verdict::up, now);
            break;
        case verdict::down:
            become(verdict::recovering, now);
            passed_in_a_row_ = 1;
            [[fallthrough]];
        case verdict::recovering:
            if (passed_in_a_row_ >= rules_.rise && now >= ejected_until_) {
                become(verdict::up, now);
                clear_symptoms();
            }
            break;
    }
}

void failure_detector::probe_failed(steady_time now, reason why) {
    symptom(now, why);
    passed_in_a_row_ = 0;
    ++evidence_.probe_failures;
    if (verdict_ == verdict::recovering || evidence_.probe_failures >= rules_.fall)
        become(verdict::down, now);
    else if (verdict_ == verdict::up)
        become(verdict::suspect, now);
}

void failure_detector::traffic_answered(steady_time now, std::uint64_t count) {
    if (count == 0) return;
    evidence_.traffic_failures = 0;
    if (verdict_ == verdict::unknown) become(verdict::up, now);
    if (verdict_ == verdict::suspect && evidence_.probe_failures == 0) become(verdict::up, now);
}

void failure_detector::traffic_failed(steady_time now, reason why) {
    symptom(now, why);
    passed_in_a_row_ = 0;
    ++evidence_.traffic_failures;
    ++evidence_.requests_touched;
    if (evidence_.traffic_failures >= rules_.traffic_fall) {
        if (verdict_ != verdict::down) ejected_until_ = now + rules_.ejection_time;
        become(verdict::down, now);
    } else if (verdict_ == verdict::up) {
        become(verdict::suspect, now);
    }
}

}  // namespace garde::continuity
