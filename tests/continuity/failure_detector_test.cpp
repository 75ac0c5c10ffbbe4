// The failure detector: each transition by hand, then every sequence of events up to a length against a model
// that only counts.
#include "garde/continuity/failure_detector.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr detector_rules usual{.rise = 2, .fall = 3, .traffic_fall = 5, .ejection_time = 10s};

/// A detector and the time, which goes on by a second with each event.
struct bench {
    failure_detector detector{usual};
    steady_time now = start;

    bench& probe_passes(int times = 1) {
        for (; times > 0; --times) detector.probe_passed(now += 1s);
        return *this;
    }
    bench& probe_fails(int times = 1) {
        for (; times > 0; --times) detector.probe_failed(now += 1s, reason::connect_failed);
        return *this;
    }
    bench& traffic_passes(int times = 1) {
        for (; times > 0; --times) detector.traffic_answered(now += 1s, 1);
        return *this;
    }
    bench& traffic_fails(int times = 1) {
        for (; times > 0; --times) detector.traffic_failed(now += 1s, reason::timed_out);
        return *this;
    }
    [[nodiscard]] verdict verdict_now() const { return detector.current(); }
};

bench up() {
    bench out;
    out.probe_passes();
    EXPECT_EQ(out.verdict_now(), verdict::up);
    return out;
}

bench down_by_probes() {
    bench out = up();
    out.probe_fails(usual.fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

bench down_by_traffic() {
    bench out = up();
    out.traffic_fails(usual.traffic_fall);
    EXPECT_EQ(out.verdict_now(), verdict::down);
    return out;
}

// --- from unknown ---

TEST(failure_detector, nothing_is_known_at_first) {
    EXPECT_EQ(bench().verdict_now(), verdict::unknown);
}

TEST(failure_detector, one_success_makes_an_unknown_backend_up) {
    EXPECT_EQ(bench().probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(bench().traffic_passes().verdict_now(), verdict::up);
}

TEST(failure_detector, an_unknown_backend_stays_unknown_until_it_failed_often_enough) {
    EXPECT_EQ(bench().probe_fails(usual.fall - 1).verdict_now(), verdict::unknown);
    EXPECT_EQ(bench().probe_fails(usual.fall).verdict_now(), verdict::down);
    EXPECT_EQ(bench().traffic_fails(usual.traffic_fall - 1).verdict_now(), verdict::unknown);
    EXPECT_EQ(bench().traffic_fails(usual.traffic_fall).verdict_now(), verdict::down);
}

TEST(failure_detector, no_answers_at_all_are_no_news) {
    bench b;
    b.detector.traffic_answered(start, 0);
    EXPECT_EQ(b.verdict_now(), verdict::unknown);
}

// --- up, suspect, down ---

TEST(failure_detector, one_failure_makes_an_up_backend_suspect) {
    EXPECT_EQ(up().probe_fails().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().traffic_fails().verdict_now(), verdict::suspect);
}

TEST(failure_detector, only_a_suspect_wants_a_probe_at_once) {
    EXPECT_FALSE(bench().detector.wants_fast_probe());
    EXPECT_FALSE(up().detector.wants_fast_probe());
    EXPECT_TRUE(up().probe_fails().detector.wants_fast_probe());
    EXPECT_FALSE(down_by_probes().detector.wants_fast_probe());
}

TEST(failure_detector, a_suspect_is_down_after_fall_probes_in_a_row) {
    EXPECT_EQ(up().probe_fails(usual.fall - 1).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails(usual.fall).verdict_now(), verdict::down);
}

TEST(failure_detector, a_passing_probe_breaks_the_row_of_probes) {
    EXPECT_EQ(up().probe_fails(2).probe_passes().probe_fails(2).verdict_now(), verdict::suspect);
}

TEST(failure_detector, a_suspect_is_down_after_traffic_fall_attempts_in_a_row) {
    EXPECT_EQ(up().traffic_fails(usual.traffic_fall - 1).verdict_now(), verdict::suspect);
    EXPECT_EQ(up().traffic_fails(usual.traffic_fall).verdict_now(), verdict::down);
}

TEST(failure_detector, an_answer_breaks_the_row_of_failed_attempts) {
    EXPECT_EQ(up().traffic_fails(4).traffic_passes().traffic_fails(4).verdict_now(), verdict::suspect);
}

TEST(failure_detector, passing_probes_do_not_excuse_failing_traffic) {
    bench b = up();
    for (int i = 0; i < usual.traffic_fall; ++i) b.traffic_fails().probe_passes(3);
    EXPECT_NE(b.verdict_now(), verdict::up);
    EXPECT_EQ(b.detector.observed().requests_touched, 5U);
}

TEST(failure_detector, answers_do_not_excuse_failing_probes) {
    EXPECT_EQ(up().probe_fails().traffic_passes().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().traffic_passes().probe_fails().traffic_passes().probe_fails().verdict_now(),
              verdict::down);
}

TEST(failure_detector, an_answer_clears_a_suspicion_that_only_traffic_raised) {
    EXPECT_EQ(up().traffic_fails(2).traffic_passes().verdict_now(), verdict::up);
}

TEST(failure_detector, rise_passing_probes_clear_a_suspicion) {
    EXPECT_EQ(up().probe_fails().probe_passes().verdict_now(), verdict::suspect);
    EXPECT_EQ(up().probe_fails().probe_passes(usual.rise).verdict_now(), verdict::up);
}

TEST(failure_detector, an_answer_after_a_passing_probe_clears_a_suspicion) {
    EXPECT_EQ(up().probe_fails().probe_passes().traffic_passes().verdict_now(), verdict::up);
}

// --- down, recovering, up ---

TEST(failure_detector, answers_do_not_bring_a_backend_back) {
    EXPECT_EQ(down_by_probes().traffic_passes(100).verdict_now(), verdict::down);
}

TEST(failure_detector, a_passing_probe_begins_a_recovery) {
    EXPECT_EQ(down_by_probes().probe_passes().verdict_now(), verdict::recovering);
}

TEST(failure_detector, rise_passing_probes_end_a_recovery) {
    EXPECT_EQ(down_by_probes().probe_passes(usual.rise).verdict_now(), verdict::up);
}

TEST(failure_detector, one_failing_probe_ends_a_recovery_badly) {
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().verdict_now(), verdict::down);
}

TEST(failure_detector, after_a_relapse_the_passes_count_anew) {
    EXPECT_EQ(down_by_probes().probe_passes().probe_fails().probe_passes().verdict_now(),
              verdict::recovering);
}

TEST(failure_detector, a_failed_attempt_sets_a_recovery_back) {
    EXPECT_EQ(down_by_probes().probe_passes().traffic_fails().probe_passes().verdict_now(),
              verdict::recovering);
    EXPECT_EQ(down_by_probes().probe_passes().traffic_fails().probe_passes(usual.rise).verdict_now(),
              verdict::up);
}

TEST(failure_detector, what_traffic_took_down_stays_out_for_the_ejection_time) {
    bench b = down_by_traffic();
    const steady_time ejected = b.now;
    while (b.now + 1s < ejected + usual.ejection_time) b.probe_passes();
    EXPECT_EQ(b.verdict_now(), verdict::recovering);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
    EXPECT_EQ(b.now, ejected + usual.ejection_time);
}

TEST(failure_detector, the_ejection_time_alone_brings_nothing_back) {
    bench b = down_by_traffic();
    b.now += 1h;
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::recovering);
}

TEST(failure_detector, with_rise_one_a_single_probe_brings_a_backend_back) {
    bench b;
    b.detector = failure_detector({.rise = 1, .fall = 1, .traffic_fall = 5, .ejection_time = 10s});
    EXPECT_EQ(b.probe_fails().verdict_now(), verdict::down);
    EXPECT_EQ(b.probe_passes().verdict_now(), verdict::up);
}

// --- what is told about it ---

TEST(failure_detector, since_is_when_the_verdict_changed) {
    bench b = up();
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_passes(5);
    EXPECT_EQ(b.detector.since(), start + 1s);
    b.probe_fails();
    EXPECT_EQ(b.detector.since(), b.now);
    b.probe_fails(usual.fall);
    EXPECT_EQ(b.detector.since(), b.now - 1s);
}

TEST(failure_detector, the_first_symptom_is_where_the_trouble_began) {
    bench b = up();
    b.traffic_fails();
    const steady_time began = b.now;
    b.probe_fails(usual.fall);
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, a_new_trouble_has_its_own_first_symptom) {
    bench b = up();
    b.traffic_fails().traffic_passes().traffic_fails();
    EXPECT_EQ(b.detector.observed().first_symptom, b.now);
    EXPECT_EQ(b.detector.observed().requests_touched, 1U);
}

TEST(failure_detector, a_relapse_belongs_to_the_same_trouble) {
    bench b = up();
    b.probe_fails(usual.fall);
    const steady_time began = b.detector.observed().first_symptom;
    b.probe_passes().probe_fails();
    EXPECT_EQ(b.detector.observed().first_symptom, began);
}

TEST(failure_detector, failed_attempts_are_counted_as_requests_touched) {
    EXPECT_EQ(up().traffic_fails(3).probe_fails(3).detector.observed().requests_touched, 3U);
}

TEST(failure_detector, the_last_reason_is_kept_until_the_backend_is_up_again) {
    bench b = down_by_probes();
    b.traffic_fails();
    EXPECT_EQ(b.detector.observed().last_reason, reason::timed_out);
    b.probe_passes(usual.rise);
    EXPECT_EQ(b.detector.observed().last_reason, reason::none);
    EXPECT_EQ(b.detector.observed().probe_failures, 0);
    EXPECT_EQ(b.detector.observed().traffic_failures, 0);
}

// --- every sequence ---

enum class event : std::uint8_t { probe_ok, probe_fail, traffic_ok, traffic_fail, time_passes };
constexpr std::array all_events{event::probe_ok, event::probe_fail, event::traffic_ok, event::traffic_fail,
                                event::time_passes};

/// What was observed, counted plainly.
struct counts {
    int probe_failures = 0;
    int traffic_failures = 0;
    int passes = 0;  ///< probes since the last failure of any kind, or since it came down
    std::uint64_t failed_attempts = 0;
    steady_time out_until{};  ///< of the ejection
    bool succeeded_once = false;

    void see(event what) {
        if (what == event::probe_ok) probe_failures = 0, ++passes;
        if (what == event::probe_fail) ++probe_failures, passes = 0;
        if (what == event::traffic_ok) traffic_failures = 0;
        if (what == event::traffic_fail) ++traffic_failures, ++failed_attempts, passes = 0;
        succeeded_once = succeeded_once || what == event::probe_ok || what == event::traffic_ok;
    }
};

class exploration {
  public:
    explicit exploration(const detector_rules& rules) : rules_(rules) {}

    void explore(const failure_detector& at, const counts& known, steady_time now, std::size_t depth) {
        expect_it_can_recover(at, known, now);
        if (depth == 0 || testing::Test::HasFatalFailure()) return;
        for (const event what : all_events) {
            failure_detector next = at;
            counts seen = known;
            const steady_time later = now + (what == event::time_passes ? 6s : 1s);
            path_.push_back(what);
            apply(next, what, later);
            seen.see(what);
            check(at, next, seen, what, later);
            explore(next, seen, later, depth - 1);
            path_.pop_back();
        }
        ++visited_;
    }

    [[nodiscard]] std::size_t visited() const { return visited_; }

  private:
    static void apply(failure_detector& to, event what, steady_time now) {
        switch (what) {
            case event::probe_ok: return to.probe_passed(now);
            case event::probe_fail: return to.probe_failed(now, reason::connect_failed);
            case event::traffic_ok: return to.traffic_answered(now, 1);
            case event::traffic_fail: return to.traffic_failed(now, reason::timed_out);
            case event::time_passes: return;
        }
    }

    void check(const failure_detector& before, const failure_detector& after, counts& seen, event what,
               steady_time now) {
        const verdict was = before.current();
        const verdict is = after.current();
        const bool changed = was != is;
        if (what == event::time_passes) {
            ASSERT_FALSE(changed) << path();
            return;
        }
        const bool probes_say_down =
            what == event::probe_fail && (seen.probe_failures >= rules_.fall || was == verdict::recovering);
        const bool traffic_says_down =
            what == event::traffic_fail && seen.traffic_failures >= rules_.traffic_fall;
        const bool failing = what == event::probe_fail || what == event::traffic_fail;

        if (is == verdict::down && was != verdict::down) {
            ASSERT_TRUE(probes_say_down || traffic_says_down) << path();
            if (traffic_says_down) seen.out_until = now + rules_.ejection_time;
            seen.passes = 0;
        }
        if (probes_say_down || traffic_says_down) {
            ASSERT_EQ(is, verdict::down) << path();
        }
        if (was == verdict::down && changed) {
            ASSERT_EQ(what, event::probe_ok) << path();
            ASSERT_EQ(is, verdict::recovering) << path();
            seen.passes = 1;
        }
        if (was == verdict::recovering && is == verdict::up) {
            ASSERT_EQ(what, event::probe_ok) << path();
            ASSERT_GE(seen.passes, rules_.rise) << path();
            ASSERT_GE(now, seen.out_until) << path();
            seen.probe_failures = seen.traffic_failures = 0;  // what is up again begins anew
        }
        if (was == verdict::recovering && what == event::probe_ok && seen.passes >= rules_.rise &&
            now >= seen.out_until) {
            ASSERT_EQ(is, verdict::up) << path();
        }
        if (was == verdict::recovering) {
            ASSERT_NE(is, verdict::suspect) << path();
        }
        if (is == verdict::up) {
            ASSERT_FALSE(failing) << path();
        }
        if (changed) {
            ASSERT_NE(is, verdict::unknown) << path();
        }
        if (is == verdict::unknown) {
            ASSERT_FALSE(seen.succeeded_once) << path();
        }
        if (is == verdict::suspect && changed) {
            ASSERT_EQ(was, verdict::up) << path();
        }

        ASSERT_EQ(after.since(), changed ? now : before.since()) << path();
        ASSERT_LE(after.observed().requests_touched, seen.failed_attempts) << path();
        if (failing) {
            ASSERT_LE(after.observed().first_symptom, now) << path();
            ASSERT_NE(after.observed().first_symptom, steady_time{}) << path();
            ASSERT_NE(after.observed().last_reason, reason::none) << path();
        }
    }

    /// Whatever happened: a backend that works again is up again, in a bounded time.
    void expect_it_can_recover(failure_detector at, const counts& known, steady_time now) {
        now = std::max(now, known.out_until);
        for (int i = 0; i < rules_.rise; ++i) {
            at.probe_passed(now += 1s);
            at.traffic_answered(now, 1);
        }
        ASSERT_EQ(at.current(), verdict::up) << path();
    }

    [[nodiscard]] std::string path() const {
        static constexpr std::array names{"probe-ok ", "probe-fail ", "traffic-ok ", "traffic-fail ",
                                          "time "};
        std::string out = "after: ";
        for (const event what : path_) out += names[static_cast<std::size_t>(what)];
        return out;
    }

    detector_rules rules_;
    std::vector<event> path_;
    std::size_t visited_ = 0;
};

class failure_detector_exploration : public testing::TestWithParam<detector_rules> {};

TEST_P(failure_detector_exploration, every_sequence_up_to_seven_events_keeps_the_rules) {
    exploration all(GetParam());
    all.explore(failure_detector(GetParam()), {}, start, 7);
    EXPECT_EQ(all.visited(), HasFatalFailure() ? all.visited() : 19'531U);  // 5^0 + … + 5^6 inner nodes
}

INSTANTIATE_TEST_SUITE_P(
    rules, failure_detector_exploration,
    testing::Values(detector_rules{.rise = 2, .fall = 2, .traffic_fall = 2, .ejection_time = 10s},
                    detector_rules{.rise = 2, .fall = 3, .traffic_fall = 3, .ejection_time = 10s},
                    detector_rules{.rise = 3, .fall = 1, .traffic_fall = 1, .ejection_time = 0s},
                    detector_rules{.rise = 2, .fall = 2, .traffic_fall = 1, .ejection_time = 3s}),
    [](const auto& info) {
        const detector_rules& r = info.param;
        return "rise" + std::to_string(r.rise) + "fall" + std::to_string(r.fall) + "traffic" +
               std::to_string(r.traffic_fall);
    });

}  // namespace
}  // namespace garde::continuity
