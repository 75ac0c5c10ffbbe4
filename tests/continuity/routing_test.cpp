// How one worker spreads requests: by the posture's order, in exact shares, and one request for each trial.
#include "garde/continuity/routing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <vector>

namespace garde::continuity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr backend_index b0{0};
constexpr backend_index b1{1};
constexpr backend_index b2{2};

service_posture asking(std::vector<backend_index> attempts) {
    service_posture out;
    out.attempts = std::move(attempts);
    return out;
}

TEST(routing, asks_in_the_order_of_the_posture) {
    routing_state state;
    const auto choice = choose_route(asking({b1, b0, b2}), replay::safe, state);
    EXPECT_THAT(choice.whom, ElementsAre(b1, b0, b2));
    EXPECT_EQ(choice.first, errand::regular);
}

TEST(routing, with_nobody_to_ask_it_asks_nobody) {
    routing_state state;
    EXPECT_THAT(choose_route(asking({}), replay::safe, state).whom, IsEmpty());
}

// --- hedging ---

service_posture hedging(std::vector<backend_index> attempts) {
    service_posture out = asking(std::move(attempts));
    out.hedge_after = {milliseconds(40), milliseconds(70), milliseconds(0)};
    return out;
}

TEST(routing, who_is_asked_first_says_when_the_next_may_be_asked_too) {
    routing_state state;
    EXPECT_EQ(choose_route(hedging({b0, b1}), replay::safe, state).hedge_after, milliseconds(40));
    EXPECT_EQ(choose_route(hedging({b1, b0}), replay::safe, state).hedge_after, milliseconds(70));
}

TEST(routing, nobody_is_asked_too_where_it_is_not_known_what_is_usual_or_not_wanted) {
    routing_state state;
    EXPECT_EQ(choose_route(hedging({b2, b0}), replay::safe, state).hedge_after, std::nullopt);
    EXPECT_EQ(choose_route(hedging({}), replay::safe, state).hedge_after, std::nullopt);
    EXPECT_EQ(choose_route(asking({b0, b1}), replay::safe, state).hedge_after, std::nullopt);
}

TEST(routing, a_trial_is_left_alone) {
    routing_state state;
    auto posture = hedging({b0, b1});
    posture.trial = trial_ticket{b1, 1};
    EXPECT_EQ(choose_route(posture, replay::safe, state).hedge_after, std::nullopt);
    EXPECT_EQ(choose_route(posture, replay::safe, state).hedge_after, milliseconds(40)) << "the next is none";
}

TEST(routing, a_canary_is_left_alone) {
    routing_state state;
    auto posture = hedging({b1, b0});
    posture.returning = canary{b0, 50};
    for (int i = 0; i < 10; ++i) {
        const auto choice = choose_route(posture, replay::safe, state);
        const bool is_canary = choice.whom.front() == b0;
        EXPECT_EQ(choice.hedge_after, is_canary ? std::nullopt : std::optional(milliseconds(70)));
    }
}

TEST(routing, while_only_a_share_is_admitted_nobody_is_asked_twice_for_speed) {
    routing_state state;
    auto posture = hedging({b0, b1});
    posture.admitted_percent = 99;
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(choose_route(posture, replay::safe, state).hedge_after, std::nullopt);
}

// --- shares ---

/// Of any hundred requests in a row, how many the share takes; checked from each place on.
void expect_exactly(const service_posture& posture, int percent, bool (*taken)(const route_choice&)) {
    routing_state state;
    std::vector<bool> seen;
    for (int i = 0; i < 350; ++i) seen.push_back(taken(choose_route(posture, replay::safe, state)));
    for (std::size_t from = 0; from + 100 <= seen.size(); ++from) {
        int count = 0;
        for (std::size_t i = from; i < from + 100; ++i) count += seen[i] ? 1 : 0;
        ASSERT_EQ(count, percent) << "from request " << from;
    }
}

TEST(routing, a_returning_backend_gets_exactly_its_share_of_any_hundred_requests) {
    for (const int percent : {0, 1, 5, 25, 33, 50, 99, 100}) {
        auto posture = asking({b1, b0});
        posture.returning = canary{b0, percent};
        expect_exactly(posture, percent, [](const route_choice& one) { return one.whom.front() == b0; });
    }
}

TEST(routing, exactly_the_admitted_share_is_let_through) {
    for (const int percent : {0, 1, 5, 25, 50, 99, 100}) {
        auto posture = asking({b0, b1});
        posture.admitted_percent = percent;
        expect_exactly(posture, percent, [](const route_choice& one) { return !one.whom.empty(); });
    }
}

TEST(routing, a_share_is_spread_evenly) {
    auto posture = asking({b1, b0});
    posture.returning = canary{b0, 25};
    routing_state state;
    for (int i = 0; i < 40; ++i) {
        const bool first = choose_route(posture, replay::safe, state).whom.front() == b0;
        EXPECT_EQ(first, i % 4 == 3) << i;
    }
}

TEST(routing, requests_of_the_share_fall_back_to_the_others) {
    auto posture = asking({b1, b2, b0});
    posture.returning = canary{b0, 100};
    routing_state state;
    const auto choice = choose_route(posture, replay::forbidden, state);
    EXPECT_THAT(choice.whom, ElementsAre(b0, b1, b2));
    EXPECT_EQ(choice.first, errand::regular) << "a share is no trial: any request may be in it";
}

TEST(routing, a_returning_backend_gets_its_share_of_what_is_let_through) {
    auto posture = asking({b1, b0});
    posture.admitted_percent = 50;
    posture.returning = canary{b0, 50};
    routing_state state;
    std::map<std::size_t, int> firsts;
    int nobody = 0;
    for (int i = 0; i < 200; ++i) {
        const auto choice = choose_route(posture, replay::safe, state);
        if (choice.whom.empty())
            ++nobody;
        else
            ++firsts[to_number(choice.whom.front())];
    }
    EXPECT_EQ(nobody, 100);
    EXPECT_EQ(firsts[0], 50);
    EXPECT_EQ(firsts[1], 50);
}

// --- trials ---

TEST(routing, a_ticket_sends_one_request_to_its_backend_first) {
    auto posture = asking({b1, b2});
    posture.trial = trial_ticket{b0, 7};
    routing_state state;
    const auto tried = choose_route(posture, replay::safe, state);
    EXPECT_THAT(tried.whom, ElementsAre(b0, b1, b2));
    EXPECT_EQ(tried.first, errand::trial);
    const auto next = choose_route(posture, replay::safe, state);
    EXPECT_THAT(next.whom, ElementsAre(b1, b2));
    EXPECT_EQ(next.first, errand::regular);
}

TEST(routing, each_ticket_is_used_once) {
    auto posture = asking({b1});
    routing_state state;
    int trials = 0;
    for (std::uint64_t number = 1; number <= 5; ++number) {
        posture.trial = trial_ticket{b0, number};
        for (int i = 0; i < 10; ++i)
            if (choose_route(posture, replay::safe, state).first == errand::trial) ++trials;
    }
    EXPECT_EQ(trials, 5);
}

TEST(routing, an_old_ticket_is_not_used_after_a_newer_one) {
    auto posture = asking({b1});
    routing_state state;
    posture.trial = trial_ticket{b0, 2};
    choose_route(posture, replay::safe, state);
    posture.trial = trial_ticket{b0, 1};
    EXPECT_EQ(choose_route(posture, replay::safe, state).first, errand::regular);
}

TEST(routing, a_request_that_must_not_be_sent_twice_is_no_trial_and_leaves_the_ticket) {
    auto posture = asking({b1});
    posture.trial = trial_ticket{b0, 1};
    routing_state state;
    const auto unsafe = choose_route(posture, replay::forbidden, state);
    EXPECT_THAT(unsafe.whom, ElementsAre(b1));
    EXPECT_EQ(unsafe.first, errand::regular);
    EXPECT_EQ(choose_route(posture, replay::safe, state).first, errand::trial);
}

TEST(routing, without_anybody_else_a_trial_is_still_made) {
    auto posture = asking({});
    posture.current = mode::degraded;
    posture.trial = trial_ticket{b0, 1};
    routing_state state;
    EXPECT_THAT(choose_route(posture, replay::safe, state).whom, ElementsAre(b0));
    EXPECT_THAT(choose_route(posture, replay::safe, state).whom, IsEmpty());
}

TEST(routing, who_is_not_let_through_may_still_be_the_trial) {
    auto posture = asking({b0});
    posture.admitted_percent = 0;
    posture.trial = trial_ticket{b1, 1};
    routing_state state;
    const auto choice = choose_route(posture, replay::safe, state);
    EXPECT_THAT(choice.whom, ElementsAre(b1));
    EXPECT_EQ(choice.first, errand::trial);
}

TEST(routing, a_trial_of_one_who_is_asked_anyway_asks_it_once) {
    auto posture = asking({b1, b2, b0});
    posture.trial = trial_ticket{b0, 1};
    routing_state state;
    EXPECT_THAT(choose_route(posture, replay::safe, state).whom, ElementsAre(b0, b1, b2));
}

TEST(routing, workers_use_their_tickets_apart) {
    auto posture = asking({b1});
    posture.trial = trial_ticket{b0, 1};
    routing_state one;
    routing_state other;
    EXPECT_EQ(choose_route(posture, replay::safe, one).first, errand::trial);
    EXPECT_EQ(choose_route(posture, replay::safe, other).first, errand::trial);
}

}  // namespace
}  // namespace garde::continuity
