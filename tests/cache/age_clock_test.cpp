// The age of a consult by two clocks: set back, set forward, wrong at the start, and over a reboot.
#include "garde/cache/age_clock.hpp"

#include <gtest/gtest.h>

#include <set>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds unproven{-1};

struct ageing : testing::Test {
    wall_time wall = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h;
    steady_time steady{1000h};
    age_clock clock;

    ageing() { clock.observe(wall, steady); }

    void pass(std::chrono::nanoseconds time) {
        wall += time;
        steady += time;
        clock.observe(wall, steady);
    }
    void set_wall(std::chrono::nanoseconds by) {
        wall += by;
        clock.observe(wall, steady);
    }
    [[nodiscard]] consult_time now() const { return {wall, steady}; }
    [[nodiscard]] consult_time before_the_boot() const { return {wall, std::nullopt}; }
    [[nodiscard]] seconds age(const consult_time& of) const { return clock.age(of, wall, steady); }
};

TEST_F(ageing, both_clocks_agree) {
    const auto consult = now();
    pass(3h);
    EXPECT_EQ(clock.trust(), clock_trust::good);
    EXPECT_EQ(age(consult), 3h);
}

TEST_F(ageing, the_larger_age_counts) {
    const auto consult = now();
    pass(1h);
    set_wall(2min);
    EXPECT_EQ(age(consult), 62min) << "by the wall clock";
    set_wall(-4min);
    EXPECT_EQ(age(consult), 60min) << "by the steady clock";
    EXPECT_EQ(clock.trust(), clock_trust::good) << "each was a correction, no step";
}

TEST_F(ageing, a_small_correction_back_makes_nobody_younger_than_new) {
    const auto consult = now();
    set_wall(-5s);
    EXPECT_EQ(age(consult), 0s);
    set_wall(-1s);
    EXPECT_EQ(age(consult), unproven);
}

TEST_F(ageing, a_long_time_without_a_look_is_no_step) {
    pass(72h);
    EXPECT_EQ(clock.trust(), clock_trust::good);
}

TEST_F(ageing, five_minutes_are_a_correction_and_more_is_a_step) {
    set_wall(5min);
    EXPECT_EQ(clock.trust(), clock_trust::good);
    set_wall(5min + 1s);
    EXPECT_EQ(clock.trust(), clock_trust::stepped);
}

TEST_F(ageing, set_forward_no_age_gets_smaller_and_none_is_proven_by_the_wall_alone) {
    const auto consult = now();
    const auto older = before_the_boot();
    set_wall(2h);
    EXPECT_EQ(clock.trust(), clock_trust::stepped);
    EXPECT_EQ(age(consult), 2h);
    EXPECT_EQ(age(older), unproven);
    pass(24h);
    EXPECT_EQ(clock.trust(), clock_trust::stepped) << "time alone proves nothing";
    set_wall(-2h);
    EXPECT_EQ(clock.trust(), clock_trust::good) << "it goes again as it went before";
    EXPECT_EQ(age(older), 1000h + 24h) << "at least since the boot";
}

TEST_F(ageing, set_back_what_was_asked_later_is_unproven) {
    const auto consult = now();
    pass(3h);
    const auto later = now();
    set_wall(-1h);
    EXPECT_EQ(clock.trust(), clock_trust::stepped);
    EXPECT_EQ(age(later), unproven);
    EXPECT_EQ(age(consult), 3h) << "the steady clock has not been set";
    EXPECT_EQ(age({wall - 1h, std::nullopt}), unproven);
    set_wall(1h);
    EXPECT_EQ(clock.trust(), clock_trust::good);
    EXPECT_EQ(age(later), 0s);
}

TEST_F(ageing, behind_what_is_kept_at_the_start) {
    const consult_time kept{wall + 10min, std::nullopt};
    clock.know(kept);
    clock.observe(wall, steady);
    EXPECT_EQ(clock.trust(), clock_trust::behind);
    EXPECT_EQ(age(kept), unproven);
    EXPECT_EQ(age({wall - 1h, std::nullopt}), unproven) << "older by a clock that is known to be wrong";
    pass(1h);
    EXPECT_EQ(clock.trust(), clock_trust::good) << "it has caught up";
}

TEST_F(ageing, a_clock_that_was_wrong_from_the_start_is_set_right_by_a_step) {
    const consult_time kept{wall + 24h, std::nullopt};
    clock.know(kept);
    clock.observe(wall, steady);
    EXPECT_EQ(clock.trust(), clock_trust::behind);
    set_wall(30h);
    EXPECT_EQ(clock.trust(), clock_trust::good);
    set_wall(1h);
    EXPECT_EQ(clock.trust(), clock_trust::stepped) << "but only once";
}

TEST_F(ageing, the_newest_counts_whatever_order_they_come_in) {
    clock.know({wall + 10min, std::nullopt});
    clock.know({wall - 10min, std::nullopt});
    clock.observe(wall, steady);
    EXPECT_EQ(clock.trust(), clock_trust::behind);
}

TEST_F(ageing, a_moment_that_comes_late_is_no_step_back) {
    const auto late = now();
    pass(30s);
    clock.know(now());
    clock.observe(late.wall, *late.steady);
    EXPECT_EQ(clock.trust(), clock_trust::good);
}

TEST_F(ageing, behind_its_own_newest_consult_by_less_than_a_step) {
    clock.know(now());
    set_wall(-1min);
    EXPECT_EQ(clock.trust(), clock_trust::behind);
    pass(1min);
    EXPECT_EQ(clock.trust(), clock_trust::good);
}

TEST_F(ageing, a_consult_before_the_boot_is_as_old_as_the_boot_at_least) {
    steady = steady_time{2h};
    age_clock fresh;
    fresh.observe(wall, steady);
    EXPECT_EQ(fresh.age({wall - 1h, std::nullopt}, wall, steady), 2h);
    EXPECT_EQ(fresh.age({wall - 5h, std::nullopt}, wall, steady), 5h);
}

TEST(clock_trust_text, each_has_its_own_name) {
    const std::set<std::string_view> names{to_text(clock_trust::good), to_text(clock_trust::behind),
                                           to_text(clock_trust::stepped)};
    EXPECT_EQ(names.size(), 3U);
}

}  // namespace
}  // namespace garde::cache
