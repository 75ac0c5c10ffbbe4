// Two copies of one request at once: when the second is sent, whose answer counts, and what is told of the
// other.
#include "exchanging.hpp"

#include <numeric>

namespace garde::proxy {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// Reads the question and says nothing, until garde goes.
const tiny_server::script silent = say_and_wait("");

struct hedging : exchanging {
    static constexpr milliseconds usual{30};

    hedging() {
        make_safe();
        posture.hedge_after = {usual, usual};
        // Nothing but the hedge, or its absence, shall end a silent attempt.
        counter().switchover.attempt_timeout = test::patience / 2;
        counter().switchover.exchange_timeout = test::patience / 2;
    }

    /// Answers as soon as `happened` says so.
    tiny_server::script say_once(std::function<bool()> happened, std::string text) {
        return [this, happened = std::move(happened), text = std::move(text)](visitor& with,
                                                                              int) -> net::task<> {
            co_await with.request();
            while (!happened()) co_await loop.wait_until(test::in(1ms));
            co_await with.say(text);
        };
    }
    /// Reads the question, and breaks the connection off as soon as `happened` says so.
    tiny_server::script vanish_once(std::function<bool()> happened) {
        return [this, happened = std::move(happened)](visitor& with, int) -> net::task<> {
            co_await with.request();
            while (!happened()) co_await loop.wait_until(test::in(1ms));
            with.vanish();
        };
    }
    std::function<bool()> second_is_asked() {
        return [this] { return two->connections() > 0; };
    }
    std::function<bool()> second_is_over() {
        return [this] { return two->over() > 0; };
    }
    /// More than the time after which a second copy would be sent.
    tiny_server::script late(std::string text) {
        return [this, text = std::move(text)](visitor& with, int) -> net::task<> {
            co_await with.request();
            co_await loop.wait_until(test::in(3 * usual));
            co_await with.say(text);
        };
    }
    net::task<> until(std::function<bool()> happened) {
        const auto limit = test::in(test::patience);
        while (!happened() && std::chrono::steady_clock::now() < limit)
            co_await loop.wait_until(test::in(1ms));
    }
    void spend_the_budget() {
        if (!at) start();
        at->loop().post([this] {
            auto& retries = at->current()->routing[0].retries;
            while (retries.take()) {
            }
        });
    }
    [[nodiscard]] std::uint64_t hedges(hedge_result which) const {
        return counted(*this).services[0].hedges[which];
    }
    /// What was reported of a backend's answers: how many, and how many times.
    std::pair<std::uint64_t, std::uint64_t> answers_of(backend_index which) {
        const std::lock_guard lock(mutex);
        std::pair<std::uint64_t, std::uint64_t> out;
        for (const auto& each : outcomes) {
            const auto* some = std::get_if<continuity::answers>(&each.seen);
            if (some == nullptr || each.backend != which) continue;
            out.first += some->count;
            out.second = std::accumulate(some->latencies.begin(), some->latencies.end(), out.second);
        }
        return out;
    }
};

// --- when a second copy is sent ---

TEST_F(hedging, a_second_backend_answers_while_the_first_is_late) {
    first = silent;
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_EQ(body_of(said), envelope("<answer/>"));
    EXPECT_EQ(hedges(hedge_result::won), 1U);
    EXPECT_EQ(hedges(hedge_result::lost), 0U);
    test::run_until(loop, [&] { return one->over() == 1; });  // the other one is ended
}

TEST_F(hedging, an_answer_in_time_is_the_only_one_asked_for) {
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
    EXPECT_EQ(hedges(hedge_result::won) + hedges(hedge_result::lost), 0U);
}

TEST_F(hedging, a_failure_in_time_goes_on_to_the_next_as_ever) {
    first = say_and_close(response(500, soap_fault("SOA-02001")));
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_THAT(failures(), ElementsAre(reason::fault_unavailable));
    EXPECT_EQ(hedges(hedge_result::won) + hedges(hedge_result::lost), 0U);
}

TEST_F(hedging, without_it_the_late_answer_is_waited_for) {
    posture.hedge_after.clear();
    first = late(good);
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
}

TEST_F(hedging, what_may_not_be_sent_twice_is_not) {
    counter().routes[0].replay_safe = false;
    first = late(good);
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
}

TEST_F(hedging, a_trial_is_left_alone) {
    posture.trial = continuity::trial_ticket{backend_index{0}, 1};
    first = late(good);
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
}

TEST_F(hedging, out_of_budget_the_late_answer_is_waited_for) {
    counter().switchover.retry_budget = 1;
    first = late(good);
    spend_the_budget();
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
}

TEST_F(hedging, without_room_for_a_second_copy_the_late_answer_is_waited_for) {
    // Room for one request, and too little left for the copy: three quarters of it are for new ones.
    const std::size_t one_request = 8 * 1024 + 2 * envelope("<question/>").size();
    limits.buffer_bytes = one_request * 4 / 3 + 100;
    first = late(good);
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(two->connections(), 0);
    EXPECT_EQ(buffers->used(), 0U);
}

TEST_F(hedging, each_copy_is_for_the_backend_that_gets_it) {
    std::string asked;
    first = silent;
    second = [&asked](visitor& with, int) -> net::task<> {
        asked.resize(4096);
        const net::io_result got = co_await with.stream().read_some(asked);
        asked.resize(got.bytes);
        co_await with.say(good);
    };
    ask(post("/counter"));
    EXPECT_THAT(asked, HasSubstr("\r\nHost: two.garde.test\r\n"));
    EXPECT_THAT(asked, testing::EndsWith(envelope("<question/>")));
}

// --- whose answer counts ---

TEST_F(hedging, the_first_may_still_be_quicker) {
    first = say_once(second_is_asked(), good);
    second = silent;
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(hedges(hedge_result::won), 0U);
    EXPECT_EQ(hedges(hedge_result::lost), 1U);
    test::run_until(loop, [&] { return two->over() == 1; });
    EXPECT_THAT(sightings(), IsEmpty());
}

TEST_F(hedging, a_second_that_fails_leaves_the_first_to_answer) {
    first = say_once(second_is_over(), good);
    second = say_and_close(response(500, soap_fault("SOA-02001")));
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_THAT(failures(), ElementsAre(reason::fault_unavailable));
    EXPECT_EQ(hedges(hedge_result::lost), 1U);
}

TEST_F(hedging, a_second_that_nobody_takes_leaves_the_first_to_answer) {
    first = late(good);
    start();
    two->stop_listening();
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_THAT(failures(), ElementsAre(reason::connect_failed));
}

TEST_F(hedging, a_first_that_fails_leaves_the_second_to_answer) {
    first = vanish_once(second_is_asked());
    second = say_once([this] { return one->over() > 0; }, good);
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_THAT(failures(), ElementsAre(reason::reset));
    EXPECT_EQ(hedges(hedge_result::won), 1U);
}

TEST_F(hedging, after_both_failed_the_primarys_own_error_is_not_hidden) {
    first = say_once(second_is_over(), response(500, soap_fault("SOA-00001")));
    second = say_and_close(response(404, "<html/>"));
    const auto said = ask(post("/counter"));
    EXPECT_EQ(body_of(said), soap_fault("SOA-00001"));
    EXPECT_THAT(failures(), ElementsAre(reason::fault_undefined));
    EXPECT_EQ(hedges(hedge_result::lost), 1U);
    EXPECT_EQ(buffers->used(), 0U);
}

TEST_F(hedging, after_both_failed_nobody_is_asked_again) {
    first = vanish_once(second_is_asked());
    second = vanish_once([this] { return one->over() > 0; });
    EXPECT_THAT(ask(post("/counter")), HasSubstr("SOA-02002"));
    EXPECT_THAT(failures(), ElementsAre(reason::reset, reason::reset));
    EXPECT_EQ(one->connections(), 1);
    EXPECT_EQ(two->connections(), 1);
}

TEST_F(hedging, a_large_answer_of_the_second_is_relayed_whole) {
    const std::string large(3'000'000, 'x');
    first = silent;
    second = say_and_close(ok_response(large));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_TRUE(body_of(said) == large);
    EXPECT_EQ(buffers->used(), 0U);
}

TEST_F(hedging, a_worker_may_end_while_both_are_out) {
    first = silent;
    second = silent;
    start();
    loop.spawn([](hedging& on) -> net::task<> { (void)co_await on.converse(post("/counter")); }(*this));
    test::run_until(loop, second_is_asked());
    at.reset();
    test::run_until(loop, [&] { return one->over() + two->over() == 2; });
    EXPECT_EQ(buffers->used(), 0U);
}

// --- refusals, where a backend may have seen the other copy ---

TEST_F(hedging, a_refusal_of_the_second_is_not_believed_while_the_first_is_out) {
    first = say_once(second_is_over(), good);
    second = say_and_close(response(500, soap_fault("SOA-01001")));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(body_of(said), envelope("<answer/>"));
    EXPECT_THAT(failures(), IsEmpty());  // the backup is not held to account
}

TEST_F(hedging, nor_one_of_the_first_while_the_second_is_out) {
    first = say_once(second_is_asked(), response(500, soap_fault("SOA-01001")));
    second = say_once([this] { return one->over() > 0; }, good);
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_EQ(body_of(said), envelope("<answer/>"));
    EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(hedging, a_refusal_by_both_is_the_answer) {
    first = say_once(second_is_over(), response(500, soap_fault("SOA-01001")));
    second = say_and_close(response(500, soap_fault("SOA-03001")));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(body_of(said), soap_fault("SOA-01001"));
}

TEST_F(hedging, a_refusal_of_the_first_is_believed_when_the_second_reached_nobody) {
    first = late(response(500, soap_fault("SOA-01001")));
    start();
    two->stop_listening();
    EXPECT_EQ(body_of(ask(post("/counter"))), soap_fault("SOA-01001"));
}

TEST_F(hedging, a_not_found_of_the_second_is_not_the_answer_while_the_first_is_out) {
    counter().routes[0].kind = config::route_kind::http;
    first = say_once(second_is_over(), good);
    second = say_and_close(response(404, "gone"));
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 200 "));
}

// --- what is told of the one that lost ---

TEST_F(hedging, one_that_lost_in_less_time_than_is_slow_has_shown_nothing) {
    posture.slow_above = {milliseconds(test::patience), milliseconds(test::patience)};
    first = silent;
    ask(post("/counter"));
    EXPECT_THAT(sightings(), IsEmpty());
    EXPECT_EQ(counted(*this).backends[0][0].attempts[reason::none], 0U);
    EXPECT_EQ(counted(*this).backends[0][1].attempts[reason::none], 1U);
}

TEST_F(hedging, one_that_lost_in_more_time_than_is_slow_is_slow) {
    posture.slow_above = {usual / 2, usual / 2};
    first = silent;
    ask(post("/counter"));
    const auto seen = sightings();
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].what, continuity::showed::slow);
    EXPECT_EQ(seen[0].why, reason::too_slow);
    const std::lock_guard lock(mutex);
    for (const auto& each : outcomes)
        if (std::holds_alternative<continuity::sighting>(each.seen)) {
            EXPECT_EQ(each.backend, backend_index{0});
        }
}

TEST_F(hedging, how_long_one_was_waited_for_is_learned_with_its_next_answer) {
    first = [](visitor& with, int number) -> net::task<> {
        co_await with.request();
        if (number == 0)
            co_await with.request();
        else
            co_await with.say(good);
    };
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: primary\r\n"));
    // Reports come from the worker's thread, which does not wake this one.
    test::run(loop, until([&] { return answers_of(backend_index{0}).first == 1; }));
    EXPECT_EQ(answers_of(backend_index{0}).second, 2U) << "the answer's time, and that of the one outrun";
    EXPECT_EQ(answers_of(backend_index{1}), std::pair(std::uint64_t{1}, std::uint64_t{1}));
}

}  // namespace
}  // namespace garde::proxy
