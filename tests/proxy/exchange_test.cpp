// The main path whole: what is relayed, who is asked next, what is handed out when nobody answered.
#include "exchanging.hpp"

namespace garde::proxy {
namespace {

using namespace testing_support;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// --- relaying ---

TEST_F(exchanging, the_backends_answer_is_relayed) {
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 200 Said\r\n"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: primary\r\n"));
    EXPECT_EQ(body_of(said), envelope("<answer/>"));
    EXPECT_EQ(two->connections(), 0);
}

TEST_F(exchanging, one_connection_carries_several_requests) {
    first = [](visitor& with, int) -> net::task<> {
        while (!(co_await with.request()).empty()) co_await with.say(good);
    };
    const auto said = ask(post("/counter", "") + post("/counter", "") + post("/counter"));
    std::size_t answers = 0;
    for (auto found = said.find("HTTP/1.1 200"); found != std::string::npos;
         found = said.find("HTTP/1.1 200", found + 1))
        ++answers;
    EXPECT_EQ(answers, 3U);
    EXPECT_EQ(one->connections(), 1);
}

TEST_F(exchanging, a_large_answer_is_relayed_whole) {
    const std::string large(3'000'000, 'x');
    for (const std::string& answer :
         {ok_response(large), "HTTP/1.1 200 OK\r\n\r\n" + large,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n" + large + "\r\n0\r\n\r\n"}) {
        first = say_and_close(answer);
        const auto said = ask(post("/counter"));
        EXPECT_EQ(std::ranges::count(body_of(said), 'x'), 3'000'000);
        TearDown();
    }
}

TEST_F(exchanging, a_large_answer_behind_a_head_that_fills_a_record_is_relayed_whole) {
    const std::string large(300'000, 'x');
    for (const std::size_t padding : {1'000, 15'700, 16'200}) {
        first =
            say_and_close("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\nPad: " + std::string(padding, 'p') +
                          "\r\n\r\n" + large);
        EXPECT_TRUE(body_of(ask(post("/counter"))) == large) << padding;
        TearDown();
    }
}

TEST_F(exchanging, a_large_answer_that_breaks_off_is_not_passed_off_as_whole) {
    first = say_and_close("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" +
                          std::string(0xfffff, 'x'));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_FALSE(said.ends_with("\r\n0\r\n\r\n"));
}

// --- the next backend ---

TEST_F(exchanging, a_safe_request_goes_on_to_the_backup) {
    make_safe();
    first = say_and_close(response(500, soap_fault("SOA-02001")));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: backup\r\n"));
    EXPECT_EQ(body_of(said), envelope("<answer/>"));
    EXPECT_THAT(failures(), ElementsAre(reason::fault_unavailable));
}

TEST_F(exchanging, an_unsafe_request_that_may_have_been_processed_goes_no_further) {
    first = say_and_close("");
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("SOA-02002"));
    EXPECT_EQ(two->connections(), 0);
    EXPECT_THAT(failures(), ElementsAre(reason::reset));
}

TEST_F(exchanging, an_unsafe_request_goes_on_when_nobody_was_there) {
    start();
    one->stop_listening();
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: backup\r\n"));
}

TEST_F(exchanging, the_primarys_own_error_is_not_hidden_by_the_backups_not_found) {
    make_safe();
    first = say_and_close(response(500, soap_fault("SOA-00001")));
    second = say_and_close(response(404, "<html/>"));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 500 "));
    EXPECT_EQ(body_of(said), soap_fault("SOA-00001"));
}

TEST_F(exchanging, a_refusal_behind_an_attempt_that_may_have_been_processed_is_not_believed) {
    make_safe();
    first = say_and_close("");
    second = say_and_close(response(500, soap_fault("SOA-01001")));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("SOA-02002"));
    EXPECT_THAT(said, Not(HasSubstr("SOA-01001")));
    EXPECT_THAT(failures(), ElementsAre(reason::reset));  // the backup is not held to account
}

TEST_F(exchanging, a_refusal_of_the_second_copy_to_the_same_backend_is_not_believed) {
    // The kept connection dies with the second request; its copy on a fresh one is refused as seen before.
    make_safe();
    first = [](visitor& with, int number) -> net::task<> {
        co_await with.request();
        const std::string answer = number == 0 ? good : response(500, soap_fault("SOA-03001"));
        co_await with.say(answer);
        if (number == 0) co_await with.request();
    };
    const auto said = ask(post("/counter", "") + post("/counter"));
    EXPECT_THAT(said, Not(HasSubstr("SOA-03001")));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: backup\r\n"));
}

// --- nobody ---

TEST_F(exchanging, without_an_answer_the_procedure_is_handed_out) {
    start();
    one->stop_listening();
    two->stop_listening();
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(said, HasSubstr("SOA-02002"));
    EXPECT_THAT(said, HasSubstr("rel=\"help\""));
    EXPECT_THAT(failures(), ElementsAre(reason::connect_failed, reason::connect_failed));
}

TEST_F(exchanging, without_a_procedure_it_is_a_bad_gateway) {
    const auto said = ask("GET /bare HTTP/1.1\r\nHost: garde.test\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 502 "));
    EXPECT_THAT(said, HasSubstr("error=connection_refused"));
}

TEST_F(exchanging, a_backend_that_takes_too_long_is_a_gateway_timeout) {
    counter().procedure.reset();
    counter().switchover.attempt_timeout = 30ms;
    first = say_and_wait("");
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 504 "));
}

TEST_F(exchanging, in_degraded_mode_no_backend_is_asked) {
    posture.current = mode::degraded;
    posture.attempts.clear();
    EXPECT_THAT(ask(post("/counter")), HasSubstr("\r\nGarde-Mode: degraded\r\n"));
    EXPECT_EQ(one->connections() + two->connections(), 0);
}

// --- transparent ---

TEST_F(exchanging, transparent_relays_whatever_the_primary_says_and_holds_nothing_against_it) {
    make_safe();
    posture.pinned = continuity::override_mode::transparent;
    posture.attempts = {backend_index{0}};
    first = say_and_close(response(500, soap_fault("SOA-02001")));
    const auto said = ask(post("/counter"));
    EXPECT_THAT(said, HasSubstr("\r\nGarde-Mode: transparent\r\n"));
    EXPECT_EQ(body_of(said), soap_fault("SOA-02001"));
    EXPECT_THAT(failures(), IsEmpty());
}

TEST_F(exchanging, transparent_hands_out_no_procedure) {
    posture.pinned = continuity::override_mode::transparent;
    posture.attempts = {backend_index{0}};
    first = say_and_close("");
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 502 "));
}

// --- what garde refuses itself ---

TEST_F(exchanging, an_unknown_path_is_not_found) {
    EXPECT_THAT(ask(post("/nowhere")), StartsWith("HTTP/1.1 404 "));
}

TEST_F(exchanging, soap_is_posted) {
    const auto said = ask("GET /counter HTTP/1.1\r\nHost: garde.test\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 405 "));
    EXPECT_THAT(said, HasSubstr("\r\nAllow: POST\r\n"));
}

TEST_F(exchanging, a_request_that_two_parsers_could_read_in_two_ways_is_refused) {
    const auto said =
        ask("POST /counter HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
            "chunked\r\n\r\n0\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 400 "));
    EXPECT_EQ(one->connections(), 0);
}

// --- another configuration ---

/// Serves these settings from now on, with everybody to ask; waits until it does.
struct reconfigured : exchanging {
    void adopt(std::shared_ptr<config::settings> next) {
        auto made = site::make(std::move(next));
        ASSERT_TRUE(made) << made.error().message;
        auto first = std::make_shared<continuity::posture>();
        first->services = {posture, posture};
        std::promise<void> done;
        at->adopt(std::move(*made), 1, first, [&] { done.set_value(); });
        ASSERT_EQ(done.get_future().wait_for(test::patience), std::future_status::ready);
    }
    [[nodiscard]] std::shared_ptr<config::settings> copy() const {
        return std::make_shared<config::settings>(*settings);
    }
};

TEST_F(reconfigured, a_new_request_finds_the_new_routes) {
    start();
    auto next = copy();
    next->services[0].routes[0].path = "/elsewhere";
    adopt(next);
    EXPECT_THAT(ask(post("/counter")), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(ask(post("/elsewhere")), StartsWith("HTTP/1.1 200 "));
}

TEST_F(reconfigured, an_exchange_ends_as_it_began_and_the_next_one_on_its_connection_is_as_it_is_now) {
    auto next = copy();
    next->node_name = "renamed";
    first = [this, &next](visitor& with, int number) -> net::task<> {
        co_await with.request();
        if (number == 0) {
            next->services[0].backends = settings->services[0].backends;
            adopt(next);
        }
        co_await with.say(good);
    };
    const std::string asked = post("/counter", "") + post("/counter");
    const std::string said = ask(asked);
    const auto second = said.find("HTTP/1.1 200", 1);
    ASSERT_NE(second, std::string::npos) << said;
    EXPECT_THAT(said.substr(0, second), HasSubstr("1.1 node-1"));
    EXPECT_THAT(said.substr(second), HasSubstr("1.1 renamed"));
    EXPECT_EQ(one->connections(), 2);
}

}  // namespace
}  // namespace garde::proxy
