// The mode machine by hand: whom a request is to ask.
#include "mode_bench.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace garde::continuity {
namespace {

using namespace mode_testing;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(mode_machine_attempts, all_eligible_in_order) {
    EXPECT_THAT(bench().attempts(), ElementsAre(b0, b1, b2));
    EXPECT_THAT(bench().set(b1, verdict::down).attempts(), ElementsAre(b0, b2));
    EXPECT_THAT(bench().set(b1, verdict::recovering).attempts(), ElementsAre(b0, b2));
    EXPECT_THAT(bench().set(b2, verdict::unknown).attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_attempts, the_active_backend_is_first_then_the_others_in_order) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b0, b2));
}

TEST(mode_machine_attempts, a_suspect_goes_last) {
    bench b;
    b.set(b0, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2, b0));
    b.set(b1, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b2, b0, b1));
}

TEST(mode_machine_attempts, who_shares_a_suspect_domain_goes_behind_the_others_but_before_suspects) {
    bench b;
    b.doubt(b1).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b2, b1));
    b.set(b2, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_attempts, nobody_in_degraded_and_emergency) {
    EXPECT_THAT(in_degraded().attempts(), IsEmpty());
    for (const auto to : {override_mode::degraded, override_mode::emergency}) {
        bench b;
        b.pin(to).update();
        EXPECT_THAT(b.attempts(), IsEmpty());
    }
}

// Fallbacks of a request never wait for the mode to change.
TEST(mode_machine_attempts, in_degraded_who_is_eligible_again_is_asked_before_the_mode_changes) {
    bench b = in_degraded();
    b.set(b1, verdict::up).set(b2, verdict::suspect).update();
    EXPECT_EQ(b.machine.current(), degraded);
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2));
}

TEST(mode_machine_attempts, a_better_one_in_its_hold_down_is_asked_next) {
    bench b = in_backup();
    b.set(b0, verdict::up).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b0, b2));
}

TEST(mode_machine_attempts, what_an_operator_names_is_asked_first_whatever_is_thought_of_it) {
    bench b;
    b.set(b0, verdict::down).pin(override_mode::primary).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
    b.set(b0, verdict::suspect).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0, b1, b2));
}

TEST(mode_machine_attempts, a_strict_order_for_the_primary_asks_nobody_else) {
    bench b;
    b.pin_strictly(override_mode::primary).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
    b.all(verdict::down).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
}

TEST(mode_machine_attempts, a_strict_order_for_a_backup_leaves_the_primary_alone) {
    bench b;
    b.pin_strictly(override_mode::backup).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b2));
}

TEST(mode_machine_attempts, an_order_for_a_backup_falls_back_to_the_primary) {
    bench b;
    b.pin(override_mode::backup).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b1, b0, b2));
}

TEST(mode_machine_attempts, transparent_asks_the_primary_only) {
    bench b;
    b.pin(override_mode::transparent).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
    b.all(verdict::down).update();
    EXPECT_THAT(b.attempts(), ElementsAre(b0));
}

}  // namespace
}  // namespace garde::continuity
