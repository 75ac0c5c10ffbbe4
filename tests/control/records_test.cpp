// How the controller's events look in the journal.
#include "../../src/control/records.hpp"

#include "../support/site_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

namespace garde::control {
namespace {

using continuity::backend_index;
using continuity::cause;
using continuity::mode;
using continuity::reason;
using continuity::verdict;
using testing::HasSubstr;
using namespace std::chrono_literals;

config::service_settings counter() {
    return test::site_settings()->services[0];
}

std::string value_of(const journal::record& from, std::string_view name) {
    for (const auto& [key, value] : from.attributes)
        if (key == name) return value;
    return "(none)";
}

continuity::record_switchover to_backup() {
    const steady_time now = std::chrono::steady_clock::now();
    return {.from = {mode::primary, backend_index{0}},
            .to = {mode::backup, backend_index{1}},
            .why = cause::detection,
            .by = "garde",
            .reason = "",
            .first_symptom = now - 3s,
            .detected = now - 1s,
            .decided = now,
            .requests_touched = 7,
            .evidence = {{.backend = backend_index{0},
                          .state = verdict::down,
                          .observed = {.first_symptom = now - 3s,
                                       .probe_failures = 3,
                                       .traffic_failures = 2,
                                       .requests_touched = 7,
                                       .last_reason = reason::connect_failed}},
                         {.backend = backend_index{1}, .state = verdict::up, .observed = {}}}};
}

TEST(records, a_switchover_says_from_where_to_where_and_why) {
    const auto written = switchover_record(counter(), counter(), to_backup());
    EXPECT_EQ(written.event, "switchover");
    EXPECT_EQ(value_of(written, "service"), "counter");
    EXPECT_EQ(value_of(written, "from"), "primary");
    EXPECT_EQ(value_of(written, "to"), "backup");
    EXPECT_EQ(value_of(written, "from-backend"), "one");
    EXPECT_EQ(value_of(written, "to-backend"), "two");
    EXPECT_EQ(value_of(written, "cause"), "detection");
    EXPECT_EQ(value_of(written, "by"), "garde");
    EXPECT_EQ(value_of(written, "requests-touched"), "7");
}

TEST(records, a_switchover_carries_the_evidence_of_every_backend) {
    EXPECT_EQ(value_of(switchover_record(counter(), counter(), to_backup()), "evidence"),
              "one down: 3 failed probes and 2 failed attempts in a row, last connect-failed; two up: "
              "nothing amiss");
}

TEST(records, a_switchovers_times_are_wall_times_in_order) {
    const auto before = wall_now();
    const auto written = switchover_record(counter(), counter(), to_backup());
    const auto first = parse_rfc3339(value_of(written, "first-symptom"));
    const auto detected = parse_rfc3339(value_of(written, "detected"));
    const auto decided = parse_rfc3339(value_of(written, "decided"));
    ASSERT_TRUE(first && detected && decided);
    EXPECT_NEAR(std::chrono::duration<double>(*decided - *first).count(), 3.0, 0.1);
    EXPECT_NEAR(std::chrono::duration<double>(*decided - *detected).count(), 1.0, 0.1);
    EXPECT_NEAR(std::chrono::duration<double>(before - *decided).count(), 0.0, 5.0);
    EXPECT_EQ(to_rfc3339(written.at), value_of(written, "decided"));
}

TEST(records, a_switchover_without_backend_names_none) {
    auto what = to_backup();
    what.to = {mode::degraded, std::nullopt};
    EXPECT_EQ(value_of(switchover_record(counter(), counter(), what), "to-backend"), "(none)");
}

TEST(records, a_switchover_by_an_operator_says_who_and_why) {
    auto what = to_backup();
    what.why = cause::override_set;
    what.by = "anna";
    EXPECT_EQ(value_of(switchover_record(counter(), counter(), what), "reason"), "(none)");
    what.reason = "maintenance";
    const auto written = switchover_record(counter(), counter(), what);
    EXPECT_EQ(value_of(written, "cause"), "override-set");
    EXPECT_EQ(value_of(written, "by"), "anna");
    EXPECT_EQ(value_of(written, "reason"), "maintenance");
}

TEST(records, another_backup_is_a_change_of_backend) {
    const auto written = backend_change_record(counter(), counter(), {backend_index{1}, backend_index{0}});
    EXPECT_EQ(written.event, "backend-change");
    EXPECT_EQ(value_of(written, "from-backend"), "two");
    EXPECT_EQ(value_of(written, "to-backend"), "one");
}

TEST(records, a_verdict_says_what_it_rests_on) {
    const auto written = verdict_record(counter(), {backend_index{1},
                                                    verdict::suspect,
                                                    verdict::down,
                                                    {.probe_failures = 3, .last_reason = reason::timed_out}});
    EXPECT_EQ(written.event, "verdict");
    EXPECT_EQ(value_of(written, "backend"), "two");
    EXPECT_EQ(value_of(written, "from"), "suspect");
    EXPECT_EQ(value_of(written, "to"), "down");
    EXPECT_EQ(value_of(written, "evidence"),
              "3 failed probes and 0 failed attempts in a row, last timed-out");
}

TEST(records, an_order_says_who_why_and_until_when) {
    mode_request what{.service = "counter",
                      .pinned = continuity::override_mode::backup,
                      .strict = true,
                      .by = "anna",
                      .reason = "drill",
                      .until = parse_rfc3339("2018-08-09T12:00:00Z")};
    auto written = override_record(what);
    EXPECT_EQ(written.event, "override");
    EXPECT_EQ(value_of(written, "mode"), "backup");
    EXPECT_EQ(value_of(written, "by"), "anna");
    EXPECT_EQ(value_of(written, "reason"), "drill");
    EXPECT_EQ(value_of(written, "strict"), "yes");
    EXPECT_EQ(value_of(written, "until"), "2018-08-09T12:00:00.000Z");
    what.until.reset();
    what.strict = false;
    written = override_record(what);
    EXPECT_EQ(value_of(written, "strict"), "no");
    EXPECT_EQ(value_of(written, "until"), "cleared");
}

TEST(records, an_order_taken_back_is_another_event) {
    const auto written = override_record(
        {.service = "counter", .pinned = {}, .strict = false, .by = "bert", .reason = "over", .until = {}});
    EXPECT_EQ(written.event, "override-cleared");
    EXPECT_EQ(value_of(written, "mode"), "automatic");
    EXPECT_EQ(value_of(written, "by"), "bert");
}

TEST(records, a_steady_time_has_its_wall_time) {
    const auto ago = to_wall(std::chrono::steady_clock::now() - 1h);
    EXPECT_NEAR(std::chrono::duration<double>(wall_now() - ago).count(), 3600.0, 1.0);
}

}  // namespace
}  // namespace garde::control
