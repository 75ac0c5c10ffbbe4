// What operators are told comes next: each sentence is held against what the brain then does.
#include "../../src/admin/outlook.hpp"

#include "explaining.hpp"

namespace garde::admin {
namespace {

using continuity::mode;
using continuity::override_mode;
using continuity::showed;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class outlook_test : public explaining {
  protected:
    [[nodiscard]] std::vector<std::string> told() const { return outlook(explained()); }
    [[nodiscard]] mode current() const { return brain.modes().current().current; }
};

TEST_F(outlook_test, where_all_is_well_it_is_told_who_would_take_over) {
    all_up();
    EXPECT_THAT(told(), ElementsAre("When dc1 is down, dc2 takes over at once."));
    fails(dc1);
    EXPECT_EQ(brain.modes().current().active, dc2);
}

TEST_F(outlook_test, where_nobody_is_left_it_is_told_what_callers_get) {
    all_up();
    fails(dc2);
    fails(dc3);
    EXPECT_THAT(told(),
                Contains("When dc1 is down, no backend is left and the mode becomes degraded: the cache "
                         "answers, else the emergency procedure answers."));
    has_cache = false;
    has_procedure = false;
    EXPECT_THAT(told(),
                Contains("When dc1 is down, no backend is left and the mode becomes emergency: callers "
                         "get an error."));
    fails(dc1, 4);
    EXPECT_EQ(current(), mode::degraded);
}

TEST_F(outlook_test, a_backend_that_nothing_is_known_of_is_named) {
    passes(dc1);
    passes(dc2);
    EXPECT_THAT(told(), Contains("Nothing has been seen of dc3 yet: it may be asked."));
}

TEST_F(outlook_test, the_way_back_is_told_step_by_step_and_comes_true) {
    all_up();
    fails(dc1);
    EXPECT_THAT(told(),
                Contains("dc1 is down (connect-failed): it needs 2 passing probes in a row, and has 0. "
                         "Then its hold-down of 30s begins."));
    wait(5s);
    passes(dc1, 2);
    EXPECT_THAT(told(),
                Contains("dc1 is up: traffic returns to it when it has been up for 30s, at 09:12:35 UTC, "
                         "in steps of 5 %, 25 %, 50 %, 5s each."));
    wait(30s - 1ms);
    EXPECT_FALSE(brain.posture().returning);
    wait(1ms);
    EXPECT_THAT(told(),
                Contains("dc1 is coming back: it has 5 % of the requests until 09:12:40 UTC, then 25 %, "
                         "50 %, then the mode is primary. If it fails meanwhile, they all go to dc2 again."));
    wait(10s);
    EXPECT_THAT(told(), Contains(HasSubstr("it has 50 % of the requests until 09:12:50 UTC, then the mode")));
    wait(5s);
    EXPECT_EQ(current(), mode::primary);
    EXPECT_THAT(told(), ElementsAre("When dc1 is down, dc2 takes over at once."));
}

TEST_F(outlook_test, without_shares_the_return_is_all_at_once) {
    auto rules = usual_rules();
    rules.modes.shares = {};
    begin(rules);
    all_up();
    fails(dc1);
    wait(1s);
    passes(dc1, 2);
    EXPECT_THAT(told(), Contains(HasSubstr("at 09:12:31 UTC, all at once.")));
    wait(30s);
    EXPECT_EQ(current(), mode::primary);
}

TEST_F(outlook_test, a_relapse_is_told_with_the_longer_hold_down) {
    auto rules = usual_rules();
    rules.modes.shares = {};
    begin(rules);
    all_up();
    fails(dc1);
    passes(dc1, 2);
    wait(30s);
    ASSERT_EQ(current(), mode::primary);
    fails(dc1);
    passes(dc1, 2);
    EXPECT_THAT(told(), Contains(HasSubstr("has been up for 1m (it relapsed: 1), at 09:13:30 UTC")));
    wait(60s - 1ms);
    EXPECT_EQ(current(), mode::backup);
    wait(1ms);
    EXPECT_EQ(current(), mode::primary);
}

TEST_F(outlook_test, the_dwell_time_is_told_where_it_lasts_longer) {
    auto rules = usual_rules();
    rules.modes.hold_down = 1s;
    rules.modes.min_dwell = 20s;
    begin(rules);
    all_up();
    fails(dc1);
    passes(dc1, 2);
    EXPECT_THAT(told(), Contains(HasSubstr("up for 1s and the mode has lasted for 20s, at 09:12:20 UTC")));
}

TEST_F(outlook_test, who_fell_by_traffic_is_told_to_need_trials) {
    all_up();
    loses_requests(dc1, 6);
    ASSERT_EQ(current(), mode::backup);
    EXPECT_THAT(told(),
                Contains(HasSubstr(
                    "dc1 is down (timed-out), and passing probes are not enough: it needs 2 "
                    "answered trials in a row, and has 0; its probes must pass first. Then its hold-down")));
    passes(dc1);
    EXPECT_THAT(told(), Contains(HasSubstr("and has 0; the next at 09:12:10 UTC. Then")));
    wait(10s);
    EXPECT_THAT(told(),
                Contains(HasSubstr("and has 0; the next request that may be sent twice is one. If nobody "
                                   "comes by to try, passing probes are enough at 09:12:20 UTC. Then")));
    trial(dc1, showed::answered);
    EXPECT_THAT(told(), Contains(HasSubstr("and has 1; the next")));
    wait(1s);
    trial(dc1, showed::answered);
    EXPECT_THAT(told(), Contains(HasSubstr("dc1 is up: traffic returns to it")));
}

TEST_F(outlook_test, a_suspect_is_told_with_what_takes_it_down_and_up) {
    all_up();
    fails(dc1, 1);
    EXPECT_THAT(told(),
                Contains(HasSubstr("dc1 is suspect (connect-failed) and asked last. It is down after 3 "
                                   "failed probes in a row (it has 1), after 5 failed connections in a "
                                   "row, or when enough requests of at least 3 callers fail; it is up "
                                   "again when 2 probes in a row pass")));
    EXPECT_THAT(told(), Contains("When dc1 is down, dc2 takes over at once."));
}

TEST_F(outlook_test, a_shared_domain_that_is_suspect_is_told_as_the_reason_to_wait) {
    auto rules = usual_rules();
    rules.backends[0].domains = {{"storage", "san-a"}, {"site", "one"}};
    rules.backends[1].domains = {{"storage", "san-b"}, {"site", "two"}};
    rules.backends[2].domains = {{"storage", "san-a"}, {"site", "three"}};
    auto four = rules;
    four.backends.push_back(four.backends[2]);
    begin(four);
    for (const auto one : {dc1, dc2, dc3, backend_index{3}}) passes(one);
    fails(dc1);
    fails(backend_index{3});
    auto of = explained();
    of.backends.emplace_back("dc4");
    EXPECT_THAT(outlook(of),
                Contains(HasSubstr("dc3 is not asked before dc2: it shares storage san-a, which is "
                                   "suspect.")));
    EXPECT_EQ(brain.posture().attempts, (std::vector{dc2, dc3}));
    (void)brain.traffic_answered(now + 1s, dc3, {.count = 1});
    of.what = brain.explain(now + 1s);
    EXPECT_THAT(outlook(of), Not(Contains(HasSubstr("dc3 is not asked before"))));
}

TEST_F(outlook_test, traffic_does_not_return_to_who_shares_what_is_suspect_and_that_is_told) {
    auto rules = usual_rules();
    rules.backends[0].domains = {{"storage", "san-a"}};
    rules.backends[1].domains = {{"storage", "san-b"}};
    rules.backends[2].domains = {{"storage", "san-a"}};
    begin(rules);
    all_up();
    fails(dc3);
    fails(dc1);
    passes(dc1, 2);
    EXPECT_THAT(told(),
                Contains(HasSubstr("dc1 is up, but shares storage san-a, which is suspect: traffic "
                                   "returns to it once a request, trial or deep probe has been answered")));
    EXPECT_THAT(told(), Not(Contains(HasSubstr("traffic returns to it when"))));
    wait(60s);
    EXPECT_FALSE(brain.posture().returning);
    trial(dc1, showed::answered);
    EXPECT_THAT(told(), Not(Contains(HasSubstr("dc1 is up, but"))));
    wait(1ms);
    EXPECT_TRUE(brain.posture().returning);
}

TEST_F(outlook_test, a_last_chance_is_told_where_it_is_taken) {
    auto rules = usual_rules();
    rules.try_anyway = true;
    begin(rules);
    all_up();
    for (const auto one : {dc3, dc2}) fails(one);
    EXPECT_THAT(told(), Not(Contains(HasSubstr("all the same"))));
    fails(dc1, 4);
    EXPECT_THAT(told(), Contains("A request that the cache cannot answer is tried at dc1 all the same."));
    has_cache = false;
    EXPECT_THAT(told(), Contains("Requests are tried at dc1 all the same."));
}

TEST_F(outlook_test, an_outage_is_told_with_its_end) {
    all_up();
    for (const auto one : {dc3, dc2}) fails(one);
    fails(dc1, 4);
    ASSERT_EQ(current(), mode::degraded);
    wait(60s);
    EXPECT_THAT(told(), Not(Contains(HasSubstr("takes over"))));
    EXPECT_THAT(told(),
                Contains(HasSubstr("dc2 is down (connect-failed): it needs 2 passing probes in a row, and "
                                   "has 0, or 2 answered trials in a row, and has 0; the next")));
    passes(dc2, 2);
    EXPECT_THAT(
        told(),
        Contains("A backend answers again: when it has held out for 5s, at 09:13:05 UTC, the mode becomes "
                 "backup and rests on dc2; its share grows by 5 %, 25 %, 50 %, 1s each."));
    EXPECT_THAT(told(),
                Contains("5 % of the requests are given to a backend; the others are answered from the "
                         "cache or with the emergency procedure."));
    wait(5s);
    ASSERT_EQ(current(), mode::backup);
    EXPECT_THAT(told(),
                Contains(HasSubstr("5 % of the requests are given to a backend until 09:13:06 UTC, then "
                                   "25 %; the others")));
    wait(2s);
    EXPECT_THAT(told(),
                Contains(HasSubstr("50 % of the requests are given to a backend until 09:13:08 UTC, then "
                                   "all; the others")));
}

TEST_F(outlook_test, an_order_is_told_with_its_end_and_what_would_follow) {
    all_up();
    pin(override_mode::emergency, 2h);
    EXPECT_THAT(told(),
                ElementsAre("An order of anne pins the mode to emergency until 2030-05-06T11:12:00.000Z: "
                            "nothing else changes it before. To take it back: garde ctl mode consult "
                            "automatic --reason TEXT.",
                            "If the order ended now, the mode would be primary, on dc1."));
    pin(override_mode::primary);
    EXPECT_THAT(told(), Contains(HasSubstr("pins the mode to primary until it is taken back")));
    EXPECT_THAT(told(), Contains("If the order ended now, the mode would stay as it is."));
}

TEST_F(outlook_test, under_an_order_no_trial_is_promised) {
    all_up();
    loses_requests(dc1, 6);
    passes(dc1);
    pin(override_mode::backup);
    EXPECT_THAT(told(), Contains(HasSubstr("and has 0; none is made while the mode is pinned.")));
    EXPECT_THAT(told(), Contains("If the order ended now, the mode would stay as it is."));
}

TEST_F(outlook_test, a_frozen_mode_is_told_with_its_thaw) {
    auto rules = usual_rules();
    rules.modes.switchovers_per_hour = 1;
    begin(rules);
    all_up();
    fails(dc1);
    fails(dc2);
    ASSERT_TRUE(brain.modes().frozen() || current() == mode::backup);
    fails(dc3, 4);
    ASSERT_TRUE(brain.modes().frozen());
    EXPECT_THAT(
        told(),
        Contains("The mode is frozen: the bound of 1 switchovers an hour is reached. Until there is room "
                 "again, at 10:12:00 UTC, requests go to whoever may be asked."));
    EXPECT_THAT(told(), Not(Contains(HasSubstr("takes over at once"))));
}

TEST_F(outlook_test, a_node_that_is_cut_off_says_so) {
    all_up();
    (void)brain.network_seen(now, false);
    EXPECT_THAT(told(), Contains(HasSubstr("this node itself may be cut off")));
}

TEST_F(outlook_test, one_insurers_trouble_is_told_as_such) {
    all_up();
    (void)brain.traffic_answered(now, dc1, {.count = 50});
    for (std::uint64_t caller = 1; caller <= 4; ++caller)
        (void)brain.traffic_showed(now, dc1,
                                   {.what = showed::failed,
                                    .why = reason::timed_out,
                                    .caller = caller,
                                    .request = caller,
                                    .asked = continuity::insurer{306}});
    EXPECT_THAT(told(),
                Contains("Questions to insurer 306 fail at dc1 while others are answered: that is the "
                         "insurer's trouble, and changes no mode."));
    EXPECT_EQ(current(), mode::primary);
}

TEST_F(outlook_test, a_procedure_that_is_open_after_the_outage_is_told_with_its_end) {
    auto rules = usual_rules();
    rules.procedure.closes_after = 10min;
    begin(rules);
    all_up();
    for (const auto one : {dc3, dc2}) fails(one);
    fails(dc1, 4);
    passes(dc1, 2);
    wait(5s);
    ASSERT_EQ(current(), mode::primary);
    EXPECT_THAT(told(), Contains("The service is back; the emergency procedure closes at 09:22:05 UTC."));
    (void)brain.open_procedure(now, "anne", "to be sure");
    EXPECT_THAT(told(), Contains("The service answers, and the emergency procedure is open until an operator "
                                 "closes it: garde ctl procedure close consult --reason TEXT."));
}

TEST_F(outlook_test, a_procedure_that_is_closed_during_an_outage_is_told) {
    all_up();
    for (const auto one : {dc3, dc2}) fails(one);
    fails(dc1, 4);
    EXPECT_THAT(told(), Not(Contains(HasSubstr("closed by order"))));
    (void)brain.close_procedure(now, "anne", "nothing to follow");
    EXPECT_THAT(told(),
                Contains("The emergency procedure has been closed by order; it opens again with the next "
                         "outage."));
}

TEST_F(outlook_test, a_time_of_another_day_has_its_date) {
    all_up();
    fails(dc1);
    wait(14h + 47min + 45s);
    passes(dc1, 2);
    EXPECT_THAT(told(), Contains(HasSubstr("at 2030-05-07 00:00:15 UTC, in steps")));
}

}  // namespace
}  // namespace garde::admin
