// A failure detector, its surroundings and the time, for tests that drive it by hand.
#pragma once

#include "garde/continuity/failure_detector.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <ostream>

namespace garde::continuity {

inline void PrintTo(verdict value, std::ostream* out) {
    *out << to_text(value);
}

}  // namespace garde::continuity

namespace garde::continuity::detector_testing {

using namespace std::chrono_literals;

inline constexpr steady_time start = steady_time(std::chrono::hours(1));

inline detector_rules usual() {
    return {.rise = 2,
            .fall = 3,
            .traffic_fall = 5,
            .distinct_callers = 3,
            .failure_rate = 25,
            .failure_volume = 20,
            .failure_window = 10s,
            .ejection_time = 10s,
            .longest_ejection = 60s,
            .trial_interval = 1s,
            .trials_possible = true};
}

/// The time goes on by a second with each event, unless told otherwise.
struct bench {
    explicit bench(const detector_rules& rules = usual()) : detector(rules, start) {}

    failure_detector detector;
    steady_time now = start;
    steady_time::duration step = 1s;
    surroundings around;
    std::uint64_t requests = 0;  ///< so far; each has another digest

    bench& probe_passes(int times = 1) {
        for (; times > 0; --times) detector.probe_passed(now += step, around);
        return *this;
    }
    bench& probe_fails(int times = 1, reason why = reason::timed_out) {
        for (; times > 0; --times) detector.probe_failed(now += step, why, around);
        return *this;
    }
    bench& answers(std::uint64_t count = 1) {
        detector.traffic_answered(now += step, count, around);
        return *this;
    }
    bench& shows(sighting what) {
        detector.traffic_showed(now += step, what, around);
        return *this;
    }
    /// `times` different requests of as many different callers.
    bench& fails(int times = 1, reason why = reason::timed_out, insurer asked = insurer::unknown) {
        for (; times > 0; --times) {
            ++requests;
            shows({.what = showed::failed,
                   .why = why,
                   .caller = requests,
                   .request = requests,
                   .asked = asked});
        }
        return *this;
    }
    /// `times` different requests of one caller.
    bench& fails_for(std::uint64_t caller, int times = 1) {
        for (; times > 0; --times)
            shows(
                {.what = showed::failed, .why = reason::timed_out, .caller = caller, .request = ++requests});
        return *this;
    }
    bench& cannot_be_reached(int times = 1) { return fails(times, reason::connect_failed); }
    bench& is_slow(int times = 1) {
        for (; times > 0; --times) {
            ++requests;
            shows({.what = showed::slow, .why = reason::too_slow, .caller = requests, .request = requests});
        }
        return *this;
    }
    /// Answers that refuse, to as many different callers who were answered lately.
    bench& refuses(int times = 1) {
        for (; times > 0; --times) {
            ++requests;
            shows({.what = showed::refused, .why = reason::refused, .caller = requests, .request = requests});
            detector.traffic_answered(now, 1, around);
        }
        return *this;
    }
    bench& trial_passes(int times = 1) {
        for (; times > 0; --times) {
            ++requests;
            shows({.what = showed::answered,
                   .why = reason::none,
                   .caller = requests,
                   .request = requests,
                   .as = errand::trial});
        }
        return *this;
    }
    bench& trial_fails(int times = 1, reason why = reason::timed_out) {
        for (; times > 0; --times) {
            ++requests;
            shows({.what = showed::failed,
                   .why = why,
                   .caller = requests,
                   .request = requests,
                   .as = errand::trial});
        }
        return *this;
    }
    bench& pass(steady_time::duration time) {
        now += time;
        return *this;
    }
    [[nodiscard]] verdict verdict_now() const { return detector.current(); }
};

inline bench up(const detector_rules& rules = usual()) {
    bench out(rules);
    out.probe_passes();
    EXPECT_EQ(out.verdict_now(), verdict::up);
    return out;
}

inline bench down_by_probes(const detector_rules& rules = usual()) {
    bench out = up(rules);
    out.probe_fails(rules.fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

inline bench down_by_traffic(const detector_rules& rules = usual()) {
    bench out = up(rules);
    out.fails(rules.traffic_fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

}  // namespace garde::continuity::detector_testing
