// Whether the emergency procedure is open for the public: with the mode, after it, and by order.
#include "garde/continuity/procedure_flag.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace garde::continuity {
namespace {

using testing::Optional;
using namespace std::chrono_literals;

constexpr steady_time start = steady_time(std::chrono::hours(1));
constexpr procedure_rules ten_minutes_later{.closes_after = 10min};
constexpr procedure_rules by_people{.closes_after = std::nullopt};

TEST(procedure_flag, is_closed_at_first) {
    procedure_flag flag;
    EXPECT_FALSE(flag.active());
    EXPECT_EQ(flag.next_due(), std::nullopt);
    EXPECT_FALSE(flag.update(start, mode::primary));
}

TEST(procedure_flag, opens_with_a_mode_without_backend) {
    for (const mode current : {mode::degraded, mode::emergency}) {
        procedure_flag flag;
        EXPECT_TRUE(flag.update(start, current));
        EXPECT_TRUE(flag.active());
        EXPECT_EQ(flag.since(), start);
        EXPECT_FALSE(flag.update(start + 1s, current)) << "it told twice";
        EXPECT_EQ(flag.since(), start);
        EXPECT_EQ(flag.next_due(), std::nullopt);
    }
}

TEST(procedure_flag, a_mode_with_a_backend_opens_nothing) {
    for (const mode current : {mode::primary, mode::backup}) {
        procedure_flag flag;
        EXPECT_FALSE(flag.update(start, current));
        EXPECT_FALSE(flag.active());
    }
}

TEST(procedure_flag, closes_with_the_mode_when_no_time_is_set) {
    procedure_flag flag;
    flag.update(start, mode::degraded);
    EXPECT_TRUE(flag.update(start + 1min, mode::backup));
    EXPECT_FALSE(flag.active());
    EXPECT_EQ(flag.since(), start + 1min);
}

TEST(procedure_flag, closes_its_time_after_the_service_is_back) {
    procedure_flag flag(ten_minutes_later);
    flag.update(start, mode::degraded);
    EXPECT_FALSE(flag.update(start + 1h, mode::primary));
    EXPECT_TRUE(flag.active());
    EXPECT_THAT(flag.next_due(), Optional(start + 1h + 10min));
    EXPECT_FALSE(flag.update(start + 1h + 10min - 1ms, mode::primary));
    EXPECT_TRUE(flag.update(start + 1h + 10min, mode::primary));
    EXPECT_FALSE(flag.active());
}

TEST(procedure_flag, a_relapse_begins_its_time_anew) {
    procedure_flag flag(ten_minutes_later);
    flag.update(start, mode::degraded);
    flag.update(start + 1h, mode::primary);
    EXPECT_FALSE(flag.update(start + 65min, mode::degraded)) << "it was open all the time";
    EXPECT_EQ(flag.next_due(), std::nullopt);
    flag.update(start + 70min, mode::primary);
    EXPECT_THAT(flag.next_due(), Optional(start + 80min));
    EXPECT_EQ(flag.since(), start);
}

TEST(procedure_flag, between_modes_with_a_backend_its_time_runs_on) {
    procedure_flag flag(ten_minutes_later);
    flag.update(start, mode::degraded);
    flag.update(start + 1h, mode::backup);
    flag.update(start + 65min, mode::primary);
    EXPECT_THAT(flag.next_due(), Optional(start + 70min));
}

// 9 August 2018: back at 20:30, closed at 09:00 the next day, by people.
TEST(procedure_flag, without_a_time_only_people_close_it) {
    procedure_flag flag(by_people);
    flag.update(start, mode::degraded);
    flag.update(start + 11h, mode::primary);
    EXPECT_FALSE(flag.update(start + 100h, mode::primary));
    EXPECT_TRUE(flag.active());
    EXPECT_EQ(flag.next_due(), std::nullopt);
    EXPECT_TRUE(flag.close(start + 100h));
    EXPECT_FALSE(flag.active());
    EXPECT_EQ(flag.since(), start + 100h);
}

TEST(procedure_flag, closed_during_an_outage_it_stays_closed_for_this_once) {
    procedure_flag flag;
    flag.update(start, mode::degraded);
    EXPECT_TRUE(flag.close(start + 1min));
    EXPECT_FALSE(flag.update(start + 2min, mode::degraded));
    EXPECT_FALSE(flag.update(start + 3min, mode::emergency));
    EXPECT_FALSE(flag.active());
    flag.update(start + 4min, mode::primary);
    EXPECT_TRUE(flag.update(start + 5min, mode::degraded));
    EXPECT_TRUE(flag.active());
}

TEST(procedure_flag, people_open_it_in_any_mode) {
    procedure_flag flag;
    flag.update(start, mode::primary);
    EXPECT_TRUE(flag.open(start + 1s));
    EXPECT_TRUE(flag.active());
    EXPECT_FALSE(flag.open(start + 2s)) << "it was open already";
    EXPECT_EQ(flag.since(), start + 1s);
}

TEST(procedure_flag, what_people_opened_only_people_close) {
    procedure_flag flag;
    flag.open(start);
    flag.update(start + 1s, mode::degraded);
    EXPECT_FALSE(flag.update(start + 2s, mode::primary));
    EXPECT_EQ(flag.next_due(), std::nullopt);
    EXPECT_FALSE(flag.update(start + 24h, mode::primary));
    EXPECT_TRUE(flag.active());
    EXPECT_TRUE(flag.close(start + 25h));
    EXPECT_FALSE(flag.close(start + 26h)) << "it was closed already";
}

TEST(procedure_flag, an_order_keeps_open_what_the_mode_opened) {
    procedure_flag flag;
    flag.update(start, mode::degraded);
    EXPECT_FALSE(flag.open(start + 1s));
    EXPECT_FALSE(flag.update(start + 2s, mode::primary));
    EXPECT_TRUE(flag.active());
}

TEST(procedure_flag, an_order_that_is_over_leaves_nothing_behind) {
    procedure_flag flag;
    flag.open(start);
    flag.close(start + 1s);
    flag.update(start + 2s, mode::degraded);
    EXPECT_TRUE(flag.update(start + 3s, mode::primary));
    EXPECT_FALSE(flag.active());
}

TEST(procedure_flag, what_was_left_open_is_open_since_then_and_closes_as_if_the_service_were_back_now) {
    procedure_flag flag(ten_minutes_later);
    flag.resume(start, {.since = start - 1h, .ordered = false});
    EXPECT_TRUE(flag.active());
    EXPECT_EQ(flag.since(), start - 1h);
    EXPECT_FALSE(flag.ordered());
    EXPECT_THAT(flag.next_due(), Optional(start + 10min));
}

TEST(procedure_flag, what_people_had_opened_stays_theirs) {
    procedure_flag flag(ten_minutes_later);
    flag.resume(start, {.since = start - 1h, .ordered = true});
    EXPECT_TRUE(flag.ordered());
    EXPECT_EQ(flag.next_due(), std::nullopt);
    // Another word on the same procedure takes nothing back.
    flag.resume(start + 1s, {.since = start - 2h, .ordered = false});
    EXPECT_TRUE(flag.ordered());
    procedure_flag by_mode(ten_minutes_later);
    by_mode.resume(start, {.since = start - 1h, .ordered = false});
    by_mode.resume(start, {.since = start - 1h, .ordered = true});
    EXPECT_TRUE(by_mode.ordered());
}

TEST(procedure_flag, a_service_without_a_procedure_resumes_none) {
    procedure_flag flag({.closes_after = 10min, .exists = false});
    flag.resume(start, {.since = start - 1h, .ordered = true});
    EXPECT_FALSE(flag.active());
    EXPECT_FALSE(flag.ordered());
}

TEST(procedure_flag, other_rules_count_from_when_the_service_was_back) {
    procedure_flag flag(by_people);
    flag.update(start, mode::degraded);
    flag.update(start + 1h, mode::primary);
    flag.adopt(ten_minutes_later);
    EXPECT_THAT(flag.next_due(), Optional(start + 1h + 10min));
    EXPECT_TRUE(flag.update(start + 2h, mode::primary));
}

}  // namespace
}  // namespace garde::continuity
