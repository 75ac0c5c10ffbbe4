// The main path whole: what attempts show of their backends, as the controller is told.
#include "exchanging.hpp"

namespace garde::proxy {
namespace {

using namespace testing_support;
using continuity::errand;
using continuity::insurer;
using continuity::showed;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string post_saying(const std::string& question, std::string_view fields = "Connection: close\r\n") {
    const std::string body = envelope(question);
    return "POST /counter HTTP/1.1\r\nHost: garde.test\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct sighting_test : exchanging {
    /// How many answers of a backend were reported, in batches.
    std::uint64_t answers_of(backend_index backend) {
        const std::lock_guard lock(mutex);
        std::uint64_t out = 0;
        for (const auto& each : outcomes)
            if (const auto* some = std::get_if<continuity::answers>(&each.seen);
                some && each.backend == backend)
                out += some->count;
        return out;
    }
    /// The next request is a trial of the second backend, which the others are not sent to.
    void offer_trial() {
        make_safe();
        posture.attempts = {backend_index{0}};
        posture.trial = continuity::trial_ticket{backend_index{1}, 1};
    }
};

// --- failures ---

TEST_F(sighting_test, a_failure_tells_why_and_who_asked_what) {
    make_safe();
    first = say_and_close("");
    ask(post_saying("<q><Mutuality>306</Mutuality></q>"));
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].what, showed::failed);
    EXPECT_EQ(seen[0].why, reason::reset);
    EXPECT_EQ(seen[0].asked, insurer{306});
    EXPECT_EQ(seen[0].as, errand::regular);
    EXPECT_NE(seen[0].caller, 0U);
}

TEST_F(sighting_test, the_same_question_of_the_same_caller_is_known_again_and_another_is_not) {
    make_safe();
    first = say_and_close("");
    ask(post_saying("<one/>"));
    ask(post_saying("<one/>"));
    ask(post_saying("<other/>"));
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(3));
    EXPECT_EQ(seen[0].request, seen[1].request);
    EXPECT_NE(seen[0].request, seen[2].request);
    EXPECT_EQ(seen[0].caller, seen[1].caller);
    EXPECT_EQ(seen[0].caller, seen[2].caller);
    EXPECT_EQ(seen[0].asked, insurer::unknown);
}

TEST_F(sighting_test, what_fails_alike_at_two_backends_is_told_of_both) {
    make_safe();
    first = say_and_close("");
    second = say_and_close("");
    ask(post("/counter"));
    EXPECT_THAT(failures(), ElementsAre(reason::reset, reason::reset));
}

TEST_F(sighting_test, answers_are_told_before_a_failure_that_came_after_them) {
    make_safe();
    first = [](visitor& with, int number) -> net::task<> {
        co_await with.request();
        if (number < 2) co_await with.say(good);
    };
    for (int i = 0; i < 3; ++i) ask(post("/counter"));
    const std::lock_guard lock(mutex);
    ASSERT_GE(outcomes.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<continuity::sighting>(outcomes.back().seen));
    std::uint64_t before = 0;
    for (const auto& each : outcomes)
        if (const auto* some = std::get_if<continuity::answers>(&each.seen)) {
            before += some->count;
            std::uint64_t timed = 0;
            for (const auto one : some->latencies) timed += one;
            EXPECT_EQ(timed, some->count) << "each with its latency";
        }
    EXPECT_EQ(before, 2U);
}

// --- trials ---

TEST_F(sighting_test, a_trial_that_is_answered_is_told_as_one) {
    offer_trial();
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: backup\r\n"));
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].what, showed::answered);
    EXPECT_EQ(seen[0].as, errand::trial);
    EXPECT_EQ(one->connections(), 0);
}

TEST_F(sighting_test, a_trial_that_fails_costs_its_caller_nothing) {
    offer_trial();
    second = say_and_close("");
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].what, showed::failed);
    EXPECT_EQ(seen[0].as, errand::trial);
}

TEST_F(sighting_test, one_ticket_is_one_trial) {
    offer_trial();
    for (int i = 0; i < 5; ++i) ask(post("/counter"));
    EXPECT_EQ(two->connections(), 1);
    EXPECT_EQ(one->connections(), 4);
}

TEST_F(sighting_test, what_must_not_be_sent_twice_is_no_trial) {
    offer_trial();
    counter().routes[0].replay_safe = false;
    ask(post("/counter"));
    EXPECT_EQ(two->connections(), 0);
    EXPECT_THAT(sightings(), IsEmpty());
}

TEST_F(sighting_test, with_nobody_else_a_failed_trial_ends_with_what_stands_in) {
    offer_trial();
    posture.current = mode::degraded;
    posture.attempts.clear();
    second = say_and_close("");
    EXPECT_THAT(ask(post("/counter")), HasSubstr("SOA-02002"));
    EXPECT_THAT(failures(), ElementsAre(reason::reset));
}

TEST_F(sighting_test, a_trial_that_refuses_a_stranger_says_nothing_of_the_backend) {
    offer_trial();
    second = say_and_close(response(500, soap_fault("SOA-01001")));
    EXPECT_THAT(ask(post("/counter")), HasSubstr("SOA-01001"));
    EXPECT_THAT(sightings(), IsEmpty());
}

// --- refusals ---

TEST_F(sighting_test, a_refusal_of_who_was_answered_lately_is_told) {
    first = [](visitor& with, int number) -> net::task<> {
        co_await with.request();
        const std::string answer = number == 0 ? good : response(500, soap_fault("SOA-01002"));
        co_await with.say(answer);
    };
    ask(post("/counter"));
    EXPECT_THAT(sightings(), IsEmpty());
    EXPECT_THAT(ask(post("/counter")), HasSubstr("SOA-01002")) << "the caller is told too";
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].what, showed::refused);
    EXPECT_EQ(seen[0].why, reason::refused);
}

TEST_F(sighting_test, a_refusal_of_a_stranger_is_not) {
    first = say_and_close(response(500, soap_fault("SOA-01001")));
    for (int i = 0; i < 3; ++i) ask(post("/counter"));
    EXPECT_THAT(sightings(), IsEmpty());
}

TEST_F(sighting_test, an_invalid_message_is_the_callers_own_affair) {
    first = [](visitor& with, int number) -> net::task<> {
        co_await with.request();
        const std::string answer = number == 0 ? good : response(500, soap_fault("SOA-03001"));
        co_await with.say(answer);
    };
    ask(post("/counter"));
    ask(post("/counter"));
    EXPECT_THAT(sightings(), IsEmpty());
}

// --- slow answers ---

TEST_F(sighting_test, an_answer_over_the_published_limit_is_told_as_slow) {
    posture.slow_above = {10ms, 0ms};
    first = [this](visitor& with, int) -> net::task<> {
        co_await with.request();
        co_await loop.wait_until(test::in(20ms));
        co_await with.say(good);
    };
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    const auto seen = sightings();
    ASSERT_THAT(seen, SizeIs(1));
    EXPECT_EQ(seen[0].what, showed::slow);
    EXPECT_EQ(seen[0].why, reason::too_slow);
    EXPECT_EQ(answers_of(backend_index{0}), 1U) << "it is an answer all the same";
}

TEST_F(sighting_test, without_a_limit_nothing_is_slow) {
    posture.slow_above = {0ms, 0ms};
    first = [this](visitor& with, int) -> net::task<> {
        co_await with.request();
        co_await loop.wait_until(test::in(20ms));
        co_await with.say(good);
    };
    ask(post("/counter"));
    EXPECT_THAT(sightings(), IsEmpty());
}

}  // namespace
}  // namespace garde::proxy
