// The brain of one service by hand: under another configuration, and as another process left it.
#include "brain_bench.hpp"

namespace garde::continuity {
namespace {

using namespace brain_testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

std::vector<std::optional<backend_index>> same_places() {
    return {b0, b1};
}

actions reconfigure(bench& b, std::vector<std::optional<backend_index>> places,
                    brain_rules rules = usual_rules()) {
    rules.backends.resize(places.size(), rules.backends.front());
    return b.brain.adopt(b.now, {rules, std::move(places), "anna", "test"});
}

TEST(brain_reconfigured, goes_on_where_it_was) {
    bench b = in_backup();
    const auto since = b.brain.detector(b0).since();
    EXPECT_THAT(reconfigure(b, same_places()), IsEmpty());
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::down);
    EXPECT_EQ(b.brain.detector(b0).since(), since);
}

TEST(brain_reconfigured, keeps_a_hold_down_running) {
    bench b = in_backup();
    b.passes(b0, 2);
    b.run_until(b.now + 20s);
    reconfigure(b, same_places());
    EXPECT_THAT(b.run_until(b.now + 9s), IsEmpty());
    b.run_until(b.now + 1s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, judges_by_the_new_rules) {
    bench b = all_up();
    b.fails(b0, 1);
    brain_rules rules = usual_rules();
    for (auto& one : rules.backends) one.detector.fall = 2;
    reconfigure(b, same_places(), rules);
    b.fails(b0, 1);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::down);
}

TEST(brain_reconfigured, keeps_an_ejection) {
    bench b = all_up();
    b.attempts_fail(b0, 5);
    reconfigure(b, same_places());
    b.passes(b0, 2);
    EXPECT_EQ(b.brain.detector(b0).current(), verdict::recovering);
}

TEST(brain_reconfigured, keeps_an_order_with_its_end) {
    bench b = all_up();
    b.order(override_mode::degraded, b.now + 60s);
    EXPECT_THAT(reconfigure(b, same_places()), IsEmpty());
    EXPECT_EQ(b.current(), mode::degraded);
    b.run_until(b.now + 61s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, a_new_backend_is_unknown_and_may_be_asked) {
    bench b = all_up();
    EXPECT_THAT(reconfigure(b, {b0, b1, std::nullopt}), IsEmpty());
    EXPECT_EQ(b.brain.detector(backend_index{2}).current(), verdict::unknown);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b0, b1, backend_index{2}));
}

TEST(brain_reconfigured, decides_anew_when_the_modes_backend_is_gone) {
    bench b = in_backup();
    const auto done = reconfigure(b, {b0});
    const auto told = only<record_switchover>(done);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].why, cause::reconfigured);
    EXPECT_EQ(told[0].by, "anna");
    EXPECT_EQ(told[0].from, (placement{mode::backup, b1}));
    EXPECT_EQ(told[0].to, (placement{mode::degraded, std::nullopt}));
    EXPECT_THAT(told[0].evidence, SizeIs(1));
}

TEST(brain_reconfigured, a_primary_that_is_replaced_is_a_change_of_backend) {
    bench b = all_up();
    const auto told = only<record_backend_change>(reconfigure(b, {std::nullopt, b1}));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].from, b0);
    EXPECT_EQ(told[0].to, b0);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, a_new_primary_gets_traffic_after_the_hold_down_while_the_old_one_works) {
    bench b = all_up();
    reconfigure(b, {std::nullopt, b0});
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_EQ(b.brain.modes().current().active, b1);
    b.passes(b0);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_reconfigured, somebody_new_ends_the_degraded_mode) {
    bench b = in_degraded();
    const auto told = only<record_switchover>(reconfigure(b, {b0, std::nullopt}));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1));
}

TEST(brain_reconfigured, degraded_without_its_cache_is_emergency) {
    bench b = in_degraded();
    brain_rules rules = usual_rules();
    rules.modes.has_cache = false;
    EXPECT_THAT(only<record_switchover>(reconfigure(b, same_places(), rules)), SizeIs(1));
    EXPECT_EQ(b.current(), mode::emergency);
}

TEST(brain_reconfigured, later_records_count_in_the_new_list) {
    bench b = in_backup();
    reconfigure(b, {b1, b0});
    EXPECT_EQ(b.current(), mode::primary);
    EXPECT_EQ(b.brain.detector(b1).current(), verdict::down);
    const auto told = only<record_verdict>(b.passes(b1, 2));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].backend, b1);
}

TEST(brain_reconfigured, remembers_which_domains_have_failed) {
    bench b = in_backup(two_storages());
    b.fails(b1, 3);
    b.passes(b0, 2);
    b.passes(b1, 2);
    ASSERT_THAT(b.brain.domains().suspects(), SizeIs(1));
    EXPECT_TRUE(b.brain.domains().suspects()[0].lapsed);
    b.now += 2h;
    EXPECT_THAT(only<record_domain>(b.brain.adopt(b.now, {two_storages(), {b0, b1, b2}, "anna", "test"})),
                IsEmpty());
    const auto told = only<record_domain>(b.fails(b0, 3));
    ASSERT_THAT(told, SizeIs(1)) << "the first that fails is enough";
    EXPECT_TRUE(told[0].suspect);
}

TEST(brain_reconfigured, what_is_suspect_is_not_told_again) {
    bench b = in_backup(two_storages());
    b.fails(b1, 3);
    EXPECT_THAT(b.brain.adopt(b.now, {two_storages(), {b0, b1, b2}, "anna", "test"}), IsEmpty());
    EXPECT_FALSE(b.brain.domains().suspects()[0].lapsed);
}

/// Three, so that no mistake in comparing the lists is made up for by another one.
bench three_in_backup() {
    return in_backup(usual_rules(3));
}

TEST(brain_reconfigured, remembers_the_last_switchover_as_long_as_the_backends_are_the_same) {
    bench b = three_in_backup();
    ASSERT_TRUE(b.brain.explain(b.now).last);
    reconfigure(b, {b0, b1, b2});
    ASSERT_TRUE(b.brain.explain(b.now).last);
    EXPECT_EQ(b.brain.explain(b.now).last->to.current, mode::backup);
}

TEST(brain_reconfigured, the_evidence_of_another_list_of_backends_would_name_the_wrong_ones) {
    const std::vector<std::vector<std::optional<backend_index>>> others{
        {b0, b2, b1}, {b0, b1}, {b0, b1, b2, std::nullopt}, {b0, b1, std::nullopt}};
    for (const auto& places : others) {
        bench b = three_in_backup();
        reconfigure(b, places);
        EXPECT_FALSE(b.brain.explain(b.now).last) << places.size();
    }
}

TEST(brain_reconfigured, what_is_slow_stays_so_unless_nothing_is_any_more) {
    bench b = all_up();
    for (int i = 0; i < 20; ++i) {
        answers usual{.count = 100, .latencies = {}};
        usual.latencies[latency_step(100ms)] = 100;
        b.now += 1s;
        b.brain.traffic_answered(b.now, b0, usual);
    }
    const auto known = b.brain.posture().slow_above;
    ASSERT_GT(known[0], 0ms);
    reconfigure(b, same_places());
    EXPECT_EQ(b.brain.posture().slow_above, known);
    brain_rules never = usual_rules();
    never.slow_factor = 0;
    reconfigure(b, same_places(), never);
    EXPECT_THAT(b.brain.posture().slow_above, ElementsAre(0ms, 0ms));
}

TEST(brain_reconfigured, trials_go_on_with_new_numbers) {
    bench b = in_degraded();
    b.run_until(b.now + 3s);
    const auto former = b.brain.posture().trial;
    ASSERT_TRUE(former);
    reconfigure(b, same_places());
    b.run_until(b.now + 2s);
    ASSERT_TRUE(b.brain.posture().trial);
    EXPECT_GT(b.brain.posture().trial->number, former->number);
}

// --- another process ---

remembered_service left_in_backup() {
    return {.backends = {{verdict::down, start - 60s, reason::timed_out},
                         {verdict::up, start - 1h, reason::none}},
            .active = b1,
            .since = start - 60s};
}

TEST(brain_resumed, goes_on_in_the_mode_and_with_the_verdicts_that_were_left) {
    const service_brain brain(usual_rules(), left_in_backup());
    EXPECT_EQ(brain.posture().current, mode::backup);
    EXPECT_THAT(brain.posture().attempts, ElementsAre(b1));
    EXPECT_EQ(brain.detector(b0).current(), verdict::down);
    EXPECT_EQ(brain.detector(b0).observed().last_reason, reason::timed_out);
}

TEST(brain_resumed, returns_by_the_usual_way) {
    bench b;
    b.brain = service_brain(usual_rules(), left_in_backup());
    b.passes(b0, 2);
    EXPECT_EQ(b.current(), mode::backup);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_resumed, a_hold_down_that_ran_there_runs_on) {
    auto left = left_in_backup();
    left.backends[0] = {verdict::up, start - 20s, reason::none};
    bench b;
    b.brain = service_brain(usual_rules(), left);
    b.brain.tick(start);
    EXPECT_EQ(b.current(), mode::backup);
    b.run_until(start + 10s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_resumed, a_procedure_that_was_open_is_open_since_then) {
    auto left = left_in_backup();
    EXPECT_FALSE(service_brain(usual_rules(), left).procedure_active());
    left.procedure = {.since = start - 30min, .ordered = true};
    const service_brain brain(usual_rules(), left);
    EXPECT_TRUE(brain.procedure_active());
    EXPECT_TRUE(brain.procedure_ordered());
    EXPECT_EQ(brain.procedure_since(), start - 30min);
}

TEST(brain_resumed, nobody_left_is_degraded) {
    auto left = left_in_backup();
    left.backends[1].state = verdict::down;
    left.active.reset();
    EXPECT_EQ(service_brain(usual_rules(), left).posture().current, mode::degraded);
}

TEST(brain_resumed, an_outage_that_goes_on_is_dated_from_its_beginning) {
    auto left = left_in_backup();
    left.backends[0] = {verdict::suspect, start - 5s, reason::reset};
    left.active = b0;
    bench b;
    b.brain = service_brain(usual_rules(), left);
    const auto told = only<record_switchover>(b.fails(b0, 3));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_NE(told[0].first_symptom, steady_time{});
}

}  // namespace
}  // namespace garde::continuity
