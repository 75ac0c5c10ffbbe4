// What the service says of answers that were given from the cache: confirmed, contradicted, or nothing.
#include "garde/emergency/answer_watch.hpp"

#include <gmock/gmock.h>

#include <utility>
#include <vector>

namespace garde::emergency {
namespace {

using cache::refusal;
using std::chrono::days;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::sys_days today{std::chrono::year{2018} / 8 / 9};

cache::answer_facts facts(const std::string& says = "110") {
    return {.says = sha256(says), .period_begin = today - days(30), .period_end = today + days(30)};
}

given_answer given(std::uint8_t number = 1, const std::string& key = "key") {
    return {.id = {number}, .key = sha256(key), .facts = facts(), .from = today, .until = today};
}

std::optional<verdict_on_answer> judged(refusal why, std::optional<cache::answer_facts> now) {
    return judge_answer(given(), {.why = why, .facts = now});
}

TEST(judge_answer, the_same_coverage_confirms_it) {
    const verdict_on_answer confirmed{deferral_state::confirmed, "same-coverage"};
    EXPECT_EQ(judged(refusal::none, facts()), confirmed);
    auto longer = facts();
    longer.period_begin -= days(100);
    longer.period_end += days(100);
    EXPECT_EQ(judged(refusal::none, longer), confirmed) << "only the day asked for counts";
    EXPECT_EQ(judged(refusal::bound_to_request, facts()), confirmed) << "what may not be kept may be true";
}

TEST(judge_answer, another_entitlement_contradicts_it) {
    EXPECT_EQ(judged(refusal::none, facts("111")),
              (verdict_on_answer{deferral_state::contradicted, "coverage-changed"}));
}

TEST(judge_answer, a_period_without_the_days_asked_for_contradicts_it) {
    const verdict_on_answer contradicted{deferral_state::contradicted, "period-changed"};
    auto begins_later = facts();
    begins_later.period_begin = today + days(1);
    EXPECT_EQ(judged(refusal::none, begins_later), contradicted);
    auto ends_before = facts();
    ends_before.period_end = today - days(1);
    EXPECT_EQ(judged(refusal::none, ends_before), contradicted);
    auto of_the_day = facts();
    of_the_day.period_begin = of_the_day.period_end = today;
    EXPECT_EQ(judged(refusal::none, of_the_day)->state, deferral_state::confirmed);
}

TEST(judge_answer, whatever_removes_older_answers_contradicts_them) {
    for (std::size_t i = 0; i < cache::refusals; ++i) {
        const auto why = static_cast<refusal>(i);
        if (!cache::removes_older(why) || why == refusal::bound_to_request) continue;
        EXPECT_EQ(judged(why, std::nullopt),
                  (verdict_on_answer{deferral_state::contradicted, std::string(cache::to_text(why))}));
    }
    EXPECT_TRUE(cache::removes_older(refusal::deceased) && cache::removes_older(refusal::no_coverage));
}

TEST(judge_answer, what_says_nothing_of_the_patient_leaves_it_open) {
    for (const auto why : {refusal::fault, refusal::http_status, refusal::unreadable, refusal::multiple_io,
                           refusal::wrong_environment, refusal::other_patient}) {
        if (cache::removes_older(why)) continue;
        EXPECT_EQ(judged(why, facts()), std::nullopt) << cache::to_text(why);
    }
    EXPECT_EQ(judged(refusal::none, std::nullopt), std::nullopt);
}

// --- the watch

struct watching : testing::Test {
    std::vector<deferral_change> told;
    answer_watch watch{[this](deferral_change what) { told.push_back(std::move(what)); }};

    void hear(const std::string& key, const std::string& says = "110") {
        watch.hear(sha256(key), {.why = refusal::none, .facts = facts(says)});
    }
};

TEST_F(watching, who_waits_for_nothing_says_so) {
    EXPECT_FALSE(watch.waits());
    EXPECT_TRUE(watch.add(given()));
    EXPECT_TRUE(watch.waits());
    EXPECT_TRUE(watch.waits_for(sha256("key")));
    EXPECT_FALSE(watch.waits_for(sha256("other")));
    hear("other");
    EXPECT_THAT(told, IsEmpty());
    hear("key");
    EXPECT_FALSE(watch.waits());
}

TEST_F(watching, each_answer_to_the_same_question_is_settled_once) {
    watch.add(given(1));
    watch.add(given(2));
    watch.add(given(3, "other"));
    hear("key", "changed");
    ASSERT_THAT(told, SizeIs(2));
    for (const auto& one : told) {
        EXPECT_EQ(one.to, deferral_state::contradicted);
        EXPECT_EQ(one.result, "coverage-changed");
        EXPECT_TRUE(may_follow(deferral_kind::answer, deferral_state::queued, one.to));
    }
    EXPECT_NE(told[0].id, told[1].id);
    hear("key");
    EXPECT_THAT(told, SizeIs(2));
    EXPECT_EQ(watch.size(), 1U);
}

TEST_F(watching, what_says_nothing_is_waited_on) {
    watch.add(given());
    watch.hear(sha256("key"), {.why = refusal::fault, .facts = {}});
    EXPECT_THAT(told, IsEmpty());
    EXPECT_TRUE(watch.waits_for(sha256("key")));
}

TEST_F(watching, what_is_forgotten_is_waited_for_no_longer) {
    watch.add(given(1));
    watch.add(given(2));
    watch.forget({{1}});
    hear("key");
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_EQ(told[0].id, deferral_id{2});
}

TEST_F(watching, there_is_a_bound) {
    auto one = given();
    for (std::size_t i = 0; i < answer_watch::bound; ++i) {
        one.key[0] = static_cast<std::uint8_t>(i);
        one.key[1] = static_cast<std::uint8_t>(i >> 8);
        one.key[2] = static_cast<std::uint8_t>(i >> 16);
        ASSERT_TRUE(watch.add(one));
    }
    EXPECT_FALSE(watch.add(given()));
    EXPECT_EQ(watch.size(), answer_watch::bound);
}

}  // namespace
}  // namespace garde::emergency
