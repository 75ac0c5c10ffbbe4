// The failure detector under every sequence of events up to a length, against a model that only counts.
#include "garde/continuity/failure_detector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace garde::continuity {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));

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
