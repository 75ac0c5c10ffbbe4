// What may become of a deferral, and how fast deferrals are asked again.
#include "garde/emergency/deferral.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

namespace garde::emergency {
namespace {

using enum deferral_state;
using enum deferral_kind;
using namespace std::chrono_literals;

constexpr deferral_state all[] = {queued, sent, confirmed, contradicted, expired, handed_back, ambiguous};
static_assert(std::size(all) == deferral_states);

/// Every pair of states, for both kinds.
TEST(deferral, these_steps_and_no_others) {
    const std::set<std::tuple<deferral_kind, deferral_state, deferral_state>> steps{
        {message, queued, sent},      {message, queued, expired},       {message, sent, queued},
        {message, sent, confirmed},   {message, sent, contradicted},    {message, sent, ambiguous},
        {reference, queued, expired}, {reference, queued, handed_back},
    };
    for (const auto kind : {message, reference})
        for (const auto from : all)
            for (const auto to : all)
                EXPECT_EQ(may_follow(kind, from, to), steps.contains({kind, from, to}))
                    << to_text(kind) << ": " << to_text(from) << " to " << to_text(to);
}

TEST(deferral, what_is_settled_stays_so) {
    for (const auto from : all) {
        bool more = false;
        for (const auto kind : {message, reference})
            for (const auto to : all) more = more || may_follow(kind, from, to);
        EXPECT_EQ(is_settled(from), !more) << to_text(from);
    }
}

TEST(deferral, an_attempt_leads_where_it_may) {
    for (const auto again : {repetition::harmless, repetition::harmful})
        for (const auto what :
             {settlement::taken, settlement::refused, settlement::not_sent, settlement::unanswered})
            EXPECT_TRUE(may_follow(message, sent, after_attempt(what, again)));
    EXPECT_EQ(after_attempt(settlement::taken, repetition::harmful), confirmed);
    EXPECT_EQ(after_attempt(settlement::refused, repetition::harmless), contradicted);
    EXPECT_EQ(after_attempt(settlement::not_sent, repetition::harmful), queued);
    EXPECT_EQ(after_attempt(settlement::unanswered, repetition::harmless), queued);
    EXPECT_EQ(after_attempt(settlement::unanswered, repetition::harmful), ambiguous);
    EXPECT_EQ(after_crash(repetition::harmful), ambiguous);
    EXPECT_EQ(after_crash(repetition::harmless), queued);
}

TEST(deferral, every_state_has_a_name_of_its_own) {
    std::set<std::string_view> names;
    for (const auto one : all) names.insert(to_text(one));
    EXPECT_EQ(names.size(), std::size(all));
}

TEST(settlement_pace, begins_slowly_and_grows_while_the_service_answers) {
    settlement_pace pace;
    steady_time now{1h};
    pace.service_returned(now);
    EXPECT_EQ(pace.next(), now + settlement_pace::first_pause);
    int sent = 0;
    for (; pace.pause() > settlement_pace::shortest_pause; ++sent) {
        const auto before = pace.pause();
        now = pace.next();
        pace.ended(sent % 2 == 0 ? settlement::taken : settlement::refused, now);
        EXPECT_LT(pace.pause(), before);
        EXPECT_EQ(pace.next(), now + pace.pause());
    }
    EXPECT_GT(sent, 10);
    pace.ended(settlement::taken, now);
    EXPECT_EQ(pace.pause(), settlement_pace::shortest_pause);
}

TEST(settlement_pace, backs_off_while_it_does_not) {
    settlement_pace pace;
    steady_time now{1h};
    pace.service_returned(now);
    for (int i = 0; i < 40; ++i) pace.ended(settlement::taken, now);
    pace.ended(settlement::unanswered, now);
    EXPECT_EQ(pace.pause(), settlement_pace::first_pause);
    pace.ended(settlement::not_sent, now);
    EXPECT_EQ(pace.pause(), 2 * settlement_pace::first_pause);
    for (int i = 0; i < 20; ++i) pace.ended(settlement::unanswered, now);
    EXPECT_EQ(pace.pause(), settlement_pace::longest_pause);
    pace.service_returned(now);
    EXPECT_EQ(pace.pause(), settlement_pace::first_pause);
}

}  // namespace
}  // namespace garde::emergency
