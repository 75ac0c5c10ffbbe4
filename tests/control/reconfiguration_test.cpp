// A controller that takes up another configuration: what it knows stays, what counted in the former one does
// not count in the new one.
#include "../support/pki.hpp"
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
using namespace std::chrono_literals;

struct reconfiguring : testing_support::controlling {
    /// In mode backup, because the primary is down.
    void start_in_backup() {
        start();
        wait_for_verdict(verdict::up, 0);
        one.turn_off();
        wait_for_mode(mode::backup);
    }
    static config::service_settings& counter(config::settings& in) { return in.services[0]; }
};

TEST_F(reconfiguring, the_view_is_of_the_new_configuration) {
    start();
    auto next = copy_of_settings();
    counter(*next).backends[1].name = "other";
    adopt(next);
    const auto shown = wait_for_site();
    EXPECT_EQ(shown->served->shared_settings(), next);
    EXPECT_EQ(shown->services[0].backends[1].name, "other");
    const auto written_down = written("reload");
    ASSERT_THAT(written_down, SizeIs(1));
    EXPECT_EQ(text(written_down[0], "by"), "anna");
    EXPECT_EQ(text(written_down[0], "configuration"), "next");
}

TEST_F(reconfiguring, another_key_for_receipts_is_written_down_by_its_id) {
    settings->receipts = config::receipts_settings{
        .key = test::pki::shared().server().key, .former_keys = {}, .issuer = "garde.test"};
    start();
    auto same = copy_of_settings();
    adopt(same);
    auto next = copy_of_settings();
    next->receipts->key = test::pki::shared().client().key;
    adopt(next);
    auto without = copy_of_settings();
    without->receipts.reset();
    adopt(without);
    const auto written_down = written("key-rotated");
    ASSERT_THAT(written_down, SizeIs(2));
    EXPECT_EQ(text(written_down[0], "key"), "receipts");
    EXPECT_EQ(text(written_down[0], "from"), site->receipts()->id());
    EXPECT_EQ(text(written_down[0], "to"), text(written_down[1], "from"));
    EXPECT_NE(text(written_down[0], "from"), text(written_down[0], "to"));
    EXPECT_EQ(text(written_down[0], "by"), "anna");
    EXPECT_EQ(text(written_down[1], "to"), "none");
}

TEST_F(reconfiguring, who_may_give_orders_from_now_on_is_written_down) {
    settings->admin.token_sha256_by_name = {{"anna", "1"}};
    start();
    auto next = copy_of_settings();
    next->admin.token_sha256_by_name = {{"anna", "1"}, {"bert", "2"}};
    adopt(next);
    const auto written_down = written("operators-changed");
    ASSERT_THAT(written_down, SizeIs(1));
    EXPECT_EQ(text(written_down[0], "by"), "anna");
    EXPECT_EQ(text(written_down[0], "added"), "bert");
}

TEST_F(reconfiguring, what_is_known_of_a_backend_stays_with_it) {
    start_in_backup();
    auto next = copy_of_settings();
    counter(*next).switchover.hold_down = 1h;
    adopt(next);
    const auto shown = wait_for_site();
    EXPECT_EQ(shown->services[0].current, mode::backup);
    EXPECT_EQ(shown->services[0].backends[0].state, verdict::down);
    one.turn_on();
    wait_for_verdict(verdict::up, 0);
    EXPECT_THAT(written("switchover"), SizeIs(1));  // the new hold-down is long
}

TEST_F(reconfiguring, a_backend_of_the_same_name_elsewhere_is_new) {
    start_in_backup();
    auto next = copy_of_settings();
    probe_once(*next);
    counter(*next).backends[0].address.port = three.port();
    adopt(next);
    EXPECT_NE(wait_for_site()->services[0].backends[0].state, verdict::down);
}

TEST_F(reconfiguring, a_mode_whose_backend_is_gone_is_decided_anew_and_written_down) {
    start_in_backup();
    auto next = copy_of_settings();
    counter(*next).backends.pop_back();
    adopt(next);
    wait_for_mode(mode::degraded);
    const auto all = written("switchover");
    ASSERT_THAT(all, SizeIs(2));
    EXPECT_EQ(text(all[1], "cause"), "reconfigured");
    EXPECT_EQ(text(all[1], "from-backend"), "two");
    EXPECT_EQ(text(all[1], "by"), "anna");
    EXPECT_THAT(text(all[1], "reason"), HasSubstr("next"));
}

TEST_F(reconfiguring, services_are_known_by_name_wherever_they_stand) {
    start_in_backup();
    auto next = copy_of_settings();
    std::swap(next->services[0], next->services[1]);
    adopt(next);
    const auto shown = wait_for_site();
    EXPECT_EQ(shown->services[0].name, "bare");
    EXPECT_EQ(shown->services[0].current, mode::primary);
    EXPECT_EQ(shown->services[1].current, mode::backup);
    EXPECT_EQ(shown->services[1].active_backend, "two");
}

TEST_F(reconfiguring, an_order_stays_and_can_still_be_taken_back) {
    start();
    order(pin(override_mode::degraded));
    adopt(copy_of_settings());
    wait_for_site();
    ASSERT_TRUE(wait_for_mode(mode::degraded)->services[0].order);
    mode_request back = pin(override_mode::degraded);
    back.pinned.reset();
    order(back);
    wait_for_mode(mode::primary);
}

TEST_F(reconfiguring, an_order_for_a_service_that_is_gone_is_forgotten) {
    start();
    order(pin(override_mode::degraded));
    auto next = copy_of_settings();
    next->services.erase(next->services.begin());
    adopt(next);
    EXPECT_THAT(wait_for_site()->services, SizeIs(1));
    EXPECT_THAT(overrides.calls(), ElementsAre("put counter degraded", "remove counter"));
    EXPECT_THAT(written("override-cleared"), SizeIs(1));
}

/// What a worker that serves this configuration reports of an attempt of this caller.
proxy::outcome_report failed_attempt(std::uint64_t epoch, std::uint64_t caller) {
    return {.epoch = epoch,
            .service = 0,
            .backend = backend_index{0},
            .seen = continuity::sighting{.what = continuity::showed::failed,
                                         .why = reason::timed_out,
                                         .caller = caller,
                                         .request = caller}};
}

TEST_F(reconfiguring, late_reports_of_the_former_configuration_do_not_count) {
    probe_once(*settings);
    start();
    wait_for_verdict(verdict::up, 0);
    auto next = copy_of_settings();
    std::swap(next->services[0], next->services[1]);
    adopt(next);
    for (std::uint64_t i = 0; i < 10; ++i) control->report(failed_attempt(0, i));
    mode_request behind = pin(override_mode::degraded);
    behind.service = "unknown";
    order(behind);
    EXPECT_THAT(written("switchover"), IsEmpty());
}

TEST_F(reconfiguring, reports_of_the_new_configuration_count) {
    probe_once(*settings);
    start();
    wait_for_verdict(verdict::up, 0);
    adopt(copy_of_settings());
    for (std::uint64_t i = 0; i < 3; ++i) control->report(failed_attempt(1, i));
    wait_for_mode(mode::backup);
}

TEST_F(reconfiguring, a_switchover_on_its_way_is_announced_for_its_service) {
    start();
    wait_for_verdict(verdict::up, 0);
    one.turn_off();
    auto next = copy_of_settings();
    std::swap(next->services[0], next->services[1]);
    adopt(next);
    wait_for_mode(mode::backup, 1);
}

TEST_F(reconfiguring, workers_serve_it) {
    start_with_worker(true);
    adopt(copy_of_settings());
    std::promise<std::uint64_t> number;
    worker->loop().post([&] { number.set_value(worker->current()->number); });
    EXPECT_EQ(number.get_future().get(), 1U);
}

TEST_F(reconfiguring, a_worker_that_does_not_answer_keeps_nobody_waiting) {
    start_with_worker(false);
    adopt(copy_of_settings());
    wait_for_site();
}

TEST_F(reconfiguring, backends_with_names_keep_the_addresses_that_are_known) {
    start_with_worker(true);
    auto next = copy_of_settings();
    counter(*next).backends[0].address.host = "localhost";
    auto made = proxy::site::make(next);
    ASSERT_TRUE(made);
    const net::endpoint there = test::loopback(one.port());
    address_book names{{book_key(counter(*next).backends[0].address), {there}}};
    std::promise<std::vector<net::endpoint>> addresses;
    control->adopt(*made, names, "anna", [&] {
        worker->loop().post(
            [&] { addresses.set_value(worker->current()->pool(0, backend_index{0}).to().addresses); });
    });
    EXPECT_THAT(addresses.get_future().get(), testing::Contains(there));
}

// --- what another process knew ---

struct remembering : reconfiguring {
    /// That the primary is down, as the process before this one left it.
    std::vector<service_memory> left() {
        const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
        return {{.name = "counter",
                 .active_backend = "two",
                 .since = wall_now() - 1h,
                 .order = std::nullopt,
                 .backends = {{.name = "one",
                               .address = at(one.port()),
                               .state = verdict::down,
                               .since = wall_now() - 1h,
                               .last_reason = reason::timed_out},
                              {.name = "two",
                               .address = at(two.port()),
                               .state = verdict::up,
                               .since = wall_now() - 2h}}},
                {.name = "gone",
                 .active_backend = {},
                 .order = std::nullopt,
                 .backends = {{.name = "x", .address = "x:1"}}}};
    }
};

TEST_F(remembering, serves_at_once_as_the_other_process_did) {
    make();
    control->remember(left());
    const auto first = control->first_posture({});
    EXPECT_EQ(first->services[0].current, mode::backup);
    EXPECT_THAT(first->services[0].attempts, ElementsAre(backend_index{1}));
    EXPECT_EQ(first->services[1].current, mode::primary);
    EXPECT_THAT(written("switchover"), IsEmpty());
}

TEST_F(remembering, shows_since_when) {
    make();
    control->remember(left());
    start();
    const auto shown = wait_for_mode(mode::backup);
    EXPECT_LT(shown->services[0].since, wall_now() - 59min);
    EXPECT_LT(shown->services[0].backends[0].since, wall_now() - 59min);
}

TEST_F(remembering, an_order_is_in_force_and_the_store_that_comes_late_does_not_undo_it) {
    make();
    auto what = left();
    what[0].order = override_view{.pinned = override_mode::emergency,
                                  .by = "bert",
                                  .reason = "there",
                                  .since = wall_now() - 1min,
                                  .until = wall_now() + 1h};
    what[0].active_backend.clear();
    control->remember(what);
    EXPECT_EQ(control->first_posture({})->services[0].pinned, override_mode::emergency);
    start();
    control->resume({{.service = "counter",
                      .mode = override_mode::primary,
                      .by = "anna",
                      .reason = "older",
                      .since = wall_now() - 2h,
                      .until = std::nullopt}});
    order({.service = "unknown", .pinned = {}, .strict = false, .by = {}, .reason = {}, .until = {}});
    EXPECT_EQ(wait_for_mode(mode::emergency)->services[0].order->by, "bert");
    EXPECT_THAT(written("override-resumed"), IsEmpty());
}

TEST_F(remembering, an_order_whose_time_is_over_is_not_resumed) {
    make();
    auto what = left();
    what[0].order = override_view{
        .pinned = override_mode::emergency, .by = "bert", .reason = "exercise", .until = wall_now() - 1s};
    control->remember(what);
    EXPECT_EQ(control->first_posture({})->services[0].pinned, std::nullopt);
}

TEST_F(remembering, another_configuration_than_there_decides_anew_and_that_is_written_down) {
    make();
    auto what = left();
    what[0].backends[1].address = "127.0.0.1:9";
    what[0].backends[1].name = "other";
    what[0].active_backend = "other";
    control->remember(what);
    EXPECT_EQ(control->first_posture({})->services[0].attempts.front(), backend_index{1});
    const auto changes = written("backend-change");
    ASSERT_THAT(changes, SizeIs(1));
    EXPECT_EQ(text(changes[0], "from-backend"), "other");
    EXPECT_EQ(text(changes[0], "to-backend"), "two");
}

TEST_F(remembering, a_view_is_what_another_process_needs) {
    start_in_backup();
    order(pin(override_mode::backup));
    const auto shown = seen.wait_for([](const view& now) { return now.services[0].order.has_value(); });
    const auto memory = memory_of(*shown);
    ASSERT_THAT(memory, SizeIs(2));
    EXPECT_EQ(memory[0].name, "counter");
    EXPECT_EQ(memory[0].active_backend, "two");
    EXPECT_EQ(memory[0].backends[0].address, "127.0.0.1:" + std::to_string(one.port()));
    EXPECT_EQ(memory[0].backends[0].state, verdict::down);
    EXPECT_EQ(memory[0].order->by, "anna");
}

}  // namespace
}  // namespace garde::control
