// The control thread whole: real probes against sockets that listen or do not, a real journal, a store under
// the test's control.
#include "controlling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace garde::control {
namespace {

using continuity::backend_index;
using continuity::mode;
using continuity::override_mode;
using continuity::reason;
using continuity::verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing_support::controlling;
using testing_support::fake_store;
using namespace std::chrono_literals;

store::stored_override kept_override(std::string service, std::optional<wall_time> until = {}) {
    return {.service = std::move(service),
            .mode = override_mode::backup,
            .strict = false,
            .by = "anna",
            .reason = "before the restart",
            .since = wall_now() - 1h,
            .until = until};
}

// --- the start ---

TEST_F(controlling, at_first_every_backend_may_be_asked) {
    make();
    const auto first = control->first_posture({});
    ASSERT_THAT(first->services, SizeIs(2));
    EXPECT_EQ(first->services[0].current, mode::primary);
    EXPECT_THAT(first->services[0].attempts, ElementsAre(backend_index{0}, backend_index{1}));
    EXPECT_THAT(first->services[1].attempts, ElementsAre(backend_index{0}));
}

TEST_F(controlling, an_order_that_was_kept_is_in_force_from_the_start) {
    make();
    const auto first =
        control->first_posture({kept_override("counter", wall_now() + 1h), kept_override("gone")});
    EXPECT_EQ(first->services[0].current, mode::backup);
    EXPECT_EQ(first->services[0].pinned, override_mode::backup);
    EXPECT_EQ(first->services[1].pinned, std::nullopt);
    const auto resumed = written("override-resumed");
    ASSERT_THAT(resumed, SizeIs(1));
    EXPECT_EQ(text(resumed[0], "by"), "anna");
}

TEST_F(controlling, an_order_whose_time_was_over_is_not_resumed) {
    make();
    EXPECT_EQ(control->first_posture({kept_override("counter", wall_now() - 1s)})->services[0].pinned,
              std::nullopt);
}

TEST_F(controlling, a_resumed_order_is_shown_with_who_and_since_when) {
    start({kept_override("counter")});
    const auto shown = wait_for_mode(mode::backup);
    ASSERT_TRUE(shown->services[0].order);
    EXPECT_EQ(shown->services[0].order->by, "anna");
    EXPECT_EQ(shown->services[0].order->reason, "before the restart");
    EXPECT_LT(shown->services[0].order->since, wall_now() - 59min);
}

TEST_F(controlling, an_order_that_the_store_gives_late_is_in_force_from_then_on) {
    start();
    wait_for_verdict(verdict::up, 0);
    control->resume({kept_override("counter", wall_now() + 1h), kept_override("gone")});
    const auto shown = wait_for_mode(mode::backup);
    ASSERT_TRUE(shown->services[0].order);
    EXPECT_EQ(shown->services[0].order->by, "anna");
    EXPECT_THAT(written("override-resumed"), SizeIs(1));
}

TEST_F(controlling, an_order_that_comes_late_does_not_undo_what_an_operator_said_meanwhile) {
    start();
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    order(back);
    control->resume({kept_override("counter")});
    order(pin(override_mode::emergency));  // behind it
    EXPECT_THAT(written("override-resumed"), IsEmpty());
}

TEST_F(controlling, a_journal_that_fails_is_shown_and_so_is_its_recovery) {
    test::write_file(folder.path() / "journal", "a file where the folder should be");
    start();
    seen.wait_for([](const view& now) { return now.journal_failing; });
    std::filesystem::remove(folder.path() / "journal");
    seen.wait_for([](const view& now) { return !now.journal_failing; });
}

// --- outages ---

TEST_F(controlling, an_outage_and_its_end_are_seen_and_written_down) {
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    EXPECT_EQ(wait_for_mode(mode::backup)->services[0].active_backend, "two");
    two.turn_off();
    const auto shown = wait_for_mode(mode::degraded);
    EXPECT_EQ(shown->services[0].active_backend, "");
    EXPECT_TRUE(shown->services[0].procedure_active);
    one.turn_on();
    EXPECT_EQ(wait_for_mode(mode::primary)->services[0].active_backend, "one");

    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(3));
    EXPECT_EQ(text(all[0], "from"), "primary");
    EXPECT_EQ(text(all[0], "to"), "backup");
    EXPECT_EQ(text(all[1], "to"), "degraded");
    EXPECT_EQ(text(all[2], "to"), "primary");
    EXPECT_EQ(text(all[0], "cause"), "detection");
    EXPECT_EQ(text(all[2], "cause"), "recovery");
    EXPECT_THAT(text(all[0], "evidence"), HasSubstr("connect-failed"));
}

TEST_F(controlling, a_service_without_a_cache_goes_to_emergency) {
    start();
    wait_for_mode(mode::primary, 1);
    three.turn_off();
    EXPECT_EQ(wait_for_mode(mode::emergency, 1)->services[1].active_backend, "");
}

TEST_F(controlling, services_do_not_touch_each_other) {
    start();
    three.turn_off();
    EXPECT_EQ(wait_for_mode(mode::emergency, 1)->services[0].current, mode::primary);
}

TEST_F(controlling, verdicts_are_written_down) {
    start();
    wait_for_verdict(verdict::up, 1);
    two.turn_off();
    wait_for_verdict(verdict::down, 1);
    two.turn_on();
    wait_for_verdict(verdict::up, 1);
    const auto all = written("verdict");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(text(all[0], "to"), "down");
    EXPECT_EQ(text(all[1], "to"), "up");
}

TEST_F(controlling, what_probes_change_besides_is_written_down_too) {
    settings->services[0].backends[1].probe.rise = 2;
    start();
    wait_for_verdict(verdict::up, 1);
    two.turn_off();
    wait_for_verdict(verdict::down, 1);
    two.turn_on();
    wait_for_verdict(verdict::up, 1);
    std::vector<std::string> changes;
    std::vector<std::string> evidence;
    for (const auto& one : written("probe-verdict")) {
        if (text(one, "backend") != "two") continue;
        changes.push_back(text(one, "from") + " " + text(one, "to"));
        evidence.push_back(text(one, "evidence"));
    }
    EXPECT_THAT(changes, ElementsAre("unknown up", "up suspect", "down recovering"));
    EXPECT_EQ(evidence.at(0), "nothing amiss");
    EXPECT_THAT(evidence.at(1), HasSubstr("1 failed probes"));
}

TEST_F(controlling, every_record_says_under_which_configuration_it_came_about) {
    settings->sha256 = "first";
    start();
    wait_for_verdict(verdict::up, 1);
    adopt(copy_of_settings());
    two.turn_off();
    wait_for_verdict(verdict::down, 1);
    for (const auto& one : written("probe-verdict"))
        EXPECT_EQ(text(one, "configuration"), text(one, "to") == "suspect" ? "next" : "first")
            << boost::json::serialize(one);
    const auto down = written("verdict");
    ASSERT_THAT(down, SizeIs(1));
    EXPECT_EQ(text(down[0], "configuration"), "next");
    const auto reload = written("reload");
    ASSERT_THAT(reload, SizeIs(1));
    EXPECT_EQ(text(reload[0], "former-configuration"), "first");
    EXPECT_EQ(text(reload[0], "configuration"), "next");
}

/// What a worker reports of one attempt at the primary.
proxy::outcome_report failed_attempt(std::uint64_t caller, std::uint64_t request) {
    return {.epoch = 0,
            .service = 0,
            .backend = backend_index{0},
            .seen = continuity::sighting{.what = continuity::showed::failed,
                                         .why = reason::timed_out,
                                         .caller = caller,
                                         .request = request}};
}

TEST_F(controlling, failures_that_workers_report_count) {
    probe_once(*settings);
    start();
    wait_for_verdict(verdict::up, 0);
    for (std::uint64_t caller = 1; caller <= 3; ++caller) control->report(failed_attempt(caller, caller));
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "requests-touched"), "3");
}

TEST_F(controlling, one_caller_alone_takes_nobody_down_unless_one_is_said_to_be_enough) {
    probe_once(*settings);
    settings->services[0].switchover.distinct_callers = 1;
    start();
    wait_for_verdict(verdict::up, 0);
    for (std::uint64_t request = 1; request <= 3; ++request) control->report(failed_attempt(1, request));
    wait_for_mode(mode::backup);
}

/// An order for a service that is not there: answered behind everything that was reported before.
mode_request for_nobody() {
    return {.service = "unknown", .pinned = {}, .strict = false, .by = {}, .reason = {}, .until = {}};
}

TEST_F(controlling, a_request_that_its_caller_repeats_takes_nobody_down) {
    probe_once(*settings);
    start();
    wait_for_verdict(verdict::up, 0);
    for (int i = 0; i < 50; ++i) control->report(failed_attempt(1, 1));
    order(for_nobody());
    EXPECT_THAT(written("switchover"), IsEmpty());
}

TEST_F(controlling, answers_that_workers_report_count_too) {
    probe_once(*settings);
    for (auto& service : settings->services) service.switchover.failure_rate = 0;
    start();
    wait_for_verdict(verdict::up, 0);
    for (std::uint64_t i = 0; i < 10; ++i) {
        control->report(failed_attempt(i, i));
        control->report({.epoch = 0,
                         .service = 0,
                         .backend = backend_index{0},
                         .seen = continuity::answers{.count = 5, .latencies = {}}});
    }
    order(for_nobody());
    EXPECT_THAT(written("switchover"), IsEmpty());
}

// --- in effect ---

TEST_F(controlling, a_verdict_that_answers_bring_is_shown_though_nothing_else_changes) {
    settings->services[1].backends[0].probe.rise = 1'000;  // no probe ends the suspicion
    start();
    const auto shown = [this](verdict wanted) {
        seen.wait_for([=](const view& now) { return now.services[1].backends[0].state == wanted; });
    };
    shown(verdict::up);
    control->report({.epoch = 0,
                     .service = 1,
                     .backend = backend_index{0},
                     .seen = continuity::sighting{.why = continuity::reason::connect_failed}});
    shown(verdict::suspect);
    control->report({.epoch = 0,
                     .service = 1,
                     .backend = backend_index{0},
                     .seen = continuity::answers{.count = 1, .latencies = {}}});
    shown(verdict::up);
}

TEST_F(controlling, a_switchover_says_when_the_workers_served_from_it) {
    start_with_worker(true);
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_TRUE(parse_rfc3339(text(all[0], "in-effect"))) << text(all[0], "in-effect");
}

TEST_F(controlling, a_worker_that_does_not_answer_does_not_hold_up_the_record) {
    start_with_worker(false);
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    wait_for_mode(mode::backup);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "in-effect"), "pending");
}

// --- orders ---

TEST_F(controlling, an_order_is_carried_out_stored_and_written_down) {
    start();
    const auto said = order(pin(override_mode::backup));
    EXPECT_TRUE(said.known_service);
    EXPECT_TRUE(said.stored);
    const auto shown = wait_for_mode(mode::backup);
    ASSERT_TRUE(shown->services[0].order);
    EXPECT_EQ(shown->services[0].order->pinned, override_mode::backup);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter backup"));
    ASSERT_THAT(written("override"), SizeIs(1));
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(1));
    EXPECT_EQ(text(all[0], "by"), "anna");
    EXPECT_EQ(text(all[0], "reason"), "drill");
}

TEST_F(controlling, an_order_is_taken_back) {
    start();
    order(pin(override_mode::degraded));
    wait_for_mode(mode::degraded);
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    EXPECT_TRUE(order(back).stored);
    EXPECT_FALSE(wait_for_mode(mode::primary)->services[0].order);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter degraded", "remove counter"));
    EXPECT_THAT(written("override-cleared"), SizeIs(1));
}

TEST_F(controlling, an_order_expires) {
    start();
    mode_request what = pin(override_mode::degraded);
    what.until = wall_now() + 30ms;
    order(what);
    wait_for_mode(mode::degraded);
    EXPECT_FALSE(wait_for_mode(mode::primary)->services[0].order);
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter degraded", "remove counter"));
    EXPECT_THAT(written("override-expired"), SizeIs(1));
}

TEST_F(controlling, an_order_for_an_unknown_service_does_nothing) {
    start();
    mode_request what = pin(override_mode::degraded);
    what.service = "unknown";
    EXPECT_FALSE(order(what).known_service);
    EXPECT_THAT(overrides.calls(), IsEmpty());
    EXPECT_THAT(written("override"), IsEmpty());
}

TEST_F(controlling, an_order_that_cannot_be_stored_is_in_force_all_the_same) {
    overrides.now = fake_store::manner::fails;
    start();
    const auto said = order(pin(override_mode::degraded));
    EXPECT_FALSE(said.stored);
    EXPECT_EQ(said.store_error, "disk full");
    wait_for_mode(mode::degraded);
}

TEST_F(controlling, a_store_that_hangs_keeps_nobody_waiting) {
    overrides.now = fake_store::manner::hangs;
    start();
    const auto said = order(pin(override_mode::degraded));
    EXPECT_FALSE(said.stored);
    EXPECT_THAT(said.store_error, HasSubstr("in time"));
    wait_for_mode(mode::degraded);
    control->stop();
    overrides.answer_late();
}

}  // namespace
}  // namespace garde::control
