// What a detector keeps when its rules change, and of what failed before a return.
#include "detector_bench.hpp"

#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace detector_testing;

TEST(failure_detector_adopted, who_waited_for_trials_comes_back_by_probes_once_there_can_be_none) {
    bench b = down_by_traffic();
    ASSERT_TRUE(b.detector.needs_trial());
    detector_rules without_trials = usual();
    without_trials.trials_possible = false;
    b.detector.adopt(without_trials);
    EXPECT_FALSE(b.detector.needs_trial());
    b.pass(usual().ejection_time).probe_passes(usual().rise);
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

TEST(failure_detector_adopted, a_trial_that_fails_late_asks_for_no_more_trials_where_there_can_be_none) {
    bench b = down_by_probes();
    detector_rules without_trials = usual();
    without_trials.trials_possible = false;
    b.detector.adopt(without_trials);
    b.probe_passes().trial_fails();
    EXPECT_FALSE(b.detector.needs_trial());
    b.probe_passes(usual().rise);
    EXPECT_EQ(b.verdict_now(), verdict::up);
}

TEST(failure_detector_adopted, who_is_back_by_trials_while_its_probes_fail_is_in_the_same_trouble_still) {
    bench b = down_by_probes();
    const steady_time first = b.detector.observed().first_symptom;
    b.trial_passes(usual().rise);
    ASSERT_EQ(b.verdict_now(), verdict::suspect);
    EXPECT_EQ(b.detector.observed().first_symptom, first);
    EXPECT_EQ(b.detector.observed().last_reason, reason::timed_out);
    b.around.sole = false;
    b.probe_fails();
    ASSERT_EQ(b.verdict_now(), verdict::down);
    EXPECT_EQ(b.detector.observed().first_symptom, first) << "a record would say: since 1970";
}

TEST(failure_detector_adopted, who_is_back_with_passing_probes_begins_anew) {
    bench b = down_by_probes();
    b.probe_passes(usual().rise);
    ASSERT_EQ(b.verdict_now(), verdict::up);
    EXPECT_EQ(b.detector.observed().first_symptom, steady_time{});
    EXPECT_EQ(b.detector.observed().last_reason, reason::none);
}

}  // namespace
}  // namespace garde::continuity
