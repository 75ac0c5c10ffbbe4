// The brain of one service by hand: trials, shares and doubt on the way back.
#include "brain_bench.hpp"

namespace garde::continuity {
namespace {

using namespace brain_testing;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

// --- trials ---

/// In backup: the primary failed its traffic while its probes pass.
bench ejected() {
    bench b = all_up();
    b.attempts_fail(b0, 5);
    EXPECT_EQ(b.current(), mode::backup);
    return b;
}

TEST(brain_trials, a_backend_that_failed_its_traffic_stays_out_while_its_probes_pass) {
    bench b = ejected();
    for (int i = 0; i < 30; ++i) {
        b.passes(b0);
        b.run_until(b.now + 1s);
        if (b.brain.posture().trial) b.trial(showed::failed);
    }
    EXPECT_EQ(b.current(), mode::backup);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1));
}

TEST(brain_trials, after_its_ejection_it_is_given_one_request_at_a_time) {
    bench b = ejected();
    const steady_time out_until = b.now + 10s;
    b.passes(b0, 2);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
    EXPECT_THAT(b.brain.next_due(), Optional(out_until));
    const auto told = only<publish_posture>(b.run_until(out_until));
    ASSERT_THAT(told, SizeIs(1));
    ASSERT_TRUE(told[0].value.trial);
    EXPECT_EQ(told[0].value.trial->backend, b0);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1)) << "others are not sent there";
}

TEST(brain_trials, answered_ones_bring_it_back_and_after_the_hold_down_its_traffic) {
    bench b = ejected();
    b.passes(b0);
    b.run_until(b.now + 10s);
    b.trial(showed::answered);
    b.run_until(b.now + 1s);
    EXPECT_THAT(only<record_verdict>(b.trial(showed::answered)), SizeIs(1));
    EXPECT_EQ(b.verdict_of(b0), verdict::up);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_trials, a_ticket_that_nobody_takes_is_offered_again_under_another_number) {
    bench b = ejected();
    b.passes(b0);
    b.run_until(b.now + 9s);
    ASSERT_TRUE(b.brain.posture().trial);
    const auto first = b.brain.posture().trial->number;
    b.run_until(b.now + 3s);
    EXPECT_THAT(b.brain.posture().trial, Optional(trial_ticket{b0, first + 3}));
}

TEST(brain_trials, are_bounded) {
    bench b = in_degraded(usual_rules(2));
    const auto told = only<publish_posture>(b.run_until(b.now + 100s));
    EXPECT_THAT(told, SizeIs(100)) << "one a second, whoever it is for";
}

TEST(brain_trials, in_degraded_everybody_has_his_turn_whatever_his_probes_say) {
    bench b = in_degraded();
    std::vector<std::size_t> turns;
    for (int i = 0; i < 6; ++i) {
        b.run_until(b.now + 1s);
        ASSERT_TRUE(b.brain.posture().trial);
        turns.push_back(to_number(b.brain.posture().trial->backend));
    }
    EXPECT_THAT(turns, ElementsAre(0, 1, 0, 1, 0, 1));
}

TEST(brain_trials, there_are_none_under_an_operators_order) {
    bench b = in_degraded();
    b.run_until(b.now + 2s);
    ASSERT_TRUE(b.brain.posture().trial);
    b.order(override_mode::degraded);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
    EXPECT_THAT(b.run_until(b.now + 1min), IsEmpty());
}

TEST(brain_trials, there_are_none_where_no_request_may_be_sent_twice) {
    brain_rules rules = usual_rules();
    for (auto& one : rules.backends) one.detector.trials_possible = false;
    bench b = in_degraded(rules);
    b.run_until(b.now + 1min);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
}

// Recovery does not depend on a probe alone: here all of them fail for ever.
TEST(brain_trials, a_service_whose_probes_are_wrong_gets_out_of_degraded) {
    bench b = in_degraded();
    for (int i = 0; i < 40 && b.current() == mode::degraded; ++i) {
        b.run_until(b.now + 1s);
        if (b.brain.posture().trial) b.trial(showed::answered);
        const auto asked = b.brain.posture().attempts;
        if (!asked.empty()) b.answers(asked.front());
        b.fails(b0);
        b.fails(b1);
    }
    EXPECT_NE(b.current(), mode::degraded);
}

TEST(brain_trials, a_suspect_with_passing_probes_is_tried_while_others_answer) {
    bench b = all_up();
    b.attempts_fail(b0, 3);
    EXPECT_EQ(b.verdict_of(b0), verdict::suspect);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b1, b0));
    EXPECT_THAT(b.brain.posture().trial, Optional(trial_ticket{b0, 1}));
}

TEST(brain_trials, a_suspect_that_is_the_only_one_gets_everything_anyway) {
    bench b = all_up(usual_rules(1));
    b.attempts_fail(b0, 3);
    EXPECT_EQ(b.verdict_of(b0), verdict::suspect);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
}

// --- shares ---

brain_rules with_shares() {
    brain_rules out = usual_rules();
    out.modes.shares = {10, 50};
    out.modes.stands_in = true;
    out.modes.canary_step = 5s;
    out.modes.ramp_step = 1s;
    return out;
}

TEST(brain_shares, the_way_back_is_published_step_by_step) {
    bench b = in_backup(with_shares());
    b.passes(b0, 2);
    const auto told = only<publish_posture>(b.run_until(b.now + 40s));
    ASSERT_THAT(told, SizeIs(3));
    EXPECT_THAT(told[0].value.returning, Optional(canary{b0, 10}));
    EXPECT_THAT(told[1].value.returning, Optional(canary{b0, 50}));
    EXPECT_EQ(told[2].value.returning, std::nullopt);
    EXPECT_EQ(told[2].value.current, mode::primary);
}

TEST(brain_shares, a_canary_that_fails_is_called_back_with_the_verdict) {
    bench b = in_backup(with_shares());
    b.passes(b0, 2);
    b.run_until(b.now + 32s);
    ASSERT_TRUE(b.brain.posture().returning);
    const auto told = b.attempts_fail(b0, 3);
    EXPECT_EQ(b.verdict_of(b0), verdict::suspect);
    EXPECT_EQ(b.brain.posture().returning, std::nullopt);
    EXPECT_THAT(only<record_switchover>(told), IsEmpty());
    EXPECT_EQ(b.brain.explain(b.now).relapses, 1);
}

TEST(brain_shares, out_of_degraded_more_and_more_requests_are_let_through) {
    bench b = in_degraded(with_shares());
    b.passes(b0, 2);
    EXPECT_EQ(b.brain.posture().admitted_percent, 10);
    std::vector<int> shares;
    for (const auto& one : only<publish_posture>(b.run_until(b.now + 8s)))
        shares.push_back(one.value.admitted_percent);
    EXPECT_THAT(shares, ElementsAre(10, 50, 100));
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_shares, under_an_order_everybody_is_let_through) {
    bench b = in_degraded(with_shares());
    b.passes(b0, 2);
    b.order(override_mode::primary);
    EXPECT_EQ(b.brain.posture().admitted_percent, 100);
}

TEST(brain_shares, where_all_are_down_one_may_be_asked_all_the_same_if_the_rules_say_so) {
    brain_rules rules = usual_rules();
    EXPECT_EQ(in_degraded(rules).brain.posture().last_chance, std::nullopt);
    rules.try_anyway = true;
    EXPECT_EQ(in_backup(rules).brain.posture().last_chance, std::nullopt);
    bench b = in_degraded(rules);
    EXPECT_THAT(b.brain.posture().last_chance, Optional(b0));
    b.order(override_mode::degraded);
    EXPECT_EQ(b.brain.posture().last_chance, std::nullopt);
}

// --- doubt ---

/// The storage of the primary and its first backup has failed: the service is with the second backup.
bench storage_failed(const brain_rules& rules = two_storages()) {
    bench b = all_up(rules);
    b.fails(b0, 3);
    b.fails(b1, 3);
    EXPECT_EQ(b.brain.modes().current().active, b2);
    return b;
}

TEST(brain_doubt, a_suspect_domain_is_told_once_and_so_is_its_end) {
    bench b = all_up(two_storages());
    EXPECT_THAT(only<record_domain>(b.fails(b0, 3)), IsEmpty());
    const auto told = only<record_domain>(b.fails(b1, 3));
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].kind, "storage");
    EXPECT_EQ(told[0].name, "san-a");
    EXPECT_TRUE(told[0].suspect);
    EXPECT_THAT(only<record_domain>(b.fails(b1, 10)), IsEmpty());
    EXPECT_THAT(only<record_domain>(b.passes(b0, 2)), IsEmpty());
    const auto over = only<record_domain>(b.passes(b1, 2));
    ASSERT_THAT(over, SizeIs(1));
    EXPECT_FALSE(over[0].suspect);
}

TEST(brain_doubt, traffic_does_not_go_back_to_who_shares_it_before_a_trial_has_passed) {
    bench b = storage_failed();
    b.passes(b0, 2);
    EXPECT_EQ(b.verdict_of(b0), verdict::up);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b2, b0)) << "but it is asked before the cache";
    EXPECT_TRUE(b.brain.posture().trial) << "so that it can show that it works";
    b.run_until(b.now + 1h);
    EXPECT_EQ(b.brain.modes().current().active, b2);

    b.trial(showed::answered);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_doubt, a_deep_probe_shows_it_too) {
    brain_rules rules = two_storages();
    for (auto& one : rules.backends) one.deep_probe = true;
    bench b = storage_failed(rules);
    b.passes(b0, 2);
    EXPECT_EQ(b.brain.posture().trial, std::nullopt);
    b.run_until(b.now + 30s);
    EXPECT_EQ(b.current(), mode::primary);
}

TEST(brain_doubt, at_the_relapse_the_sharing_backup_is_not_asked_first) {
    bench b = storage_failed();
    b.passes(b0, 2);
    b.trial(showed::answered);
    b.passes(b1, 2);
    b.run_until(b.now + 1min);
    ASSERT_EQ(b.current(), mode::primary);

    b.now += 2h;
    b.fails(b0, 3);
    EXPECT_EQ(b.brain.modes().current().active, b2);
    EXPECT_THAT(b.brain.posture().attempts, ElementsAre(b2, b1));
    b.fails(b2, 3);
    EXPECT_EQ(b.brain.modes().current().active, b1) << "better than nobody";
}

// --- the bound that is published ---

/// A rate of failures may take a backend down once more while it comes back: that is allowed for.
TEST(brain_bound, is_wider_where_rates_are_looked_at) {
    for (const std::size_t backends : {1U, 2U, 3U}) {
        brain_rules by_rate = usual_rules(backends);
        brain_rules plain = by_rate;
        for (auto& one : plain.backends) one.detector.failure_rate = 0;
        brain_rules last_by_rate = plain;
        last_by_rate.backends.back().detector.failure_rate = 25;
        const auto bound = [](const brain_rules& rules) {
            return service_brain(rules, start).recovery_bound(start, 1s);
        };
        EXPECT_LT(bound(plain), bound(by_rate)) << backends;
        EXPECT_EQ(bound(last_by_rate), bound(by_rate)) << backends;
    }
}

// --- what is due next ---

TEST(brain_due, is_what_comes_first) {
    brain_rules rules = usual_rules();
    rules.procedure.closes_after = 10min;
    bench b = in_degraded(rules);
    b.passes(b0, 2);
    b.run_until(b.now + 1min);
    ASSERT_EQ(b.current(), mode::primary);
    const auto closes = b.brain.explain(b.now).procedure_closes;
    ASSERT_TRUE(closes);
    EXPECT_THAT(b.brain.next_due(), Optional(*closes));
    b.order(override_mode::primary, *closes - 1min);
    EXPECT_THAT(b.brain.next_due(), Optional(*closes - 1min));
    b.order(override_mode::primary, *closes + 1min);
    EXPECT_THAT(b.brain.next_due(), Optional(*closes));
}

}  // namespace
}  // namespace garde::continuity
