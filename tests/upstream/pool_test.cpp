// A worker's connections to one backend: when one is used again, when not, and when a request is sent twice.
#include "garde/upstream/pool.hpp"

#include "tiny_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace garde::upstream {
namespace {

using continuity::reason;
using test::in;
using test::run;
using test::run_until;
using testing::ElementsAre;
using testing::SizeIs;
using namespace std::chrono_literals;
using namespace testing_support;

constexpr std::string_view question = "POST /q HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";

/// A loop with a backend and a pool to it; scripts note the requests that they saw.
struct bench {
    explicit bench(tiny_server::script script)
        : server(loop, std::move(script)), connections(loop, target_to({server.address()})) {}
    explicit bench(std::vector<std::string>& seen) : bench(echo(seen)) {}

    static target_ptr target_to(std::vector<net::endpoint> addresses) {
        return shared(to_plain(std::move(addresses)));
    }

    sent ask(resend again = resend::safe, milliseconds connect_time = 2s, milliseconds time = 5s) {
        const wire_request request{
            .bytes = question, .method = http::request_was::other, .commit_bytes = 1000, .head_bytes = 4096};
        return run(loop, connections.attempt(request, again, connect_time, in(time)));
    }
    void wait_until_over(int scripts) {
        run_until(loop, [&] { return server.over() >= scripts; });
    }

    net::event_loop loop;
    tiny_server server;
    pool connections;
};

bool complete(const sent& result) {
    return result.answer && result.answer->parser.complete();
}

TEST(pool, a_connection_is_used_again) {
    std::vector<std::string> seen;
    bench b(seen);
    for (int i = 0; i < 3; ++i) {
        const sent result = b.ask();
        ASSERT_TRUE(complete(result));
        EXPECT_EQ(result.answer->rest_from, nullptr);
    }
    EXPECT_EQ(b.server.connections(), 1);
    EXPECT_THAT(seen, ElementsAre("POST /q hi", "POST /q hi", "POST /q hi"));
}

TEST(pool, two_requests_at_a_time_use_two_connections) {
    std::vector<std::string> seen;
    bench b(seen);
    const wire_request request{.bytes = question, .commit_bytes = 1000, .head_bytes = 4096};
    test::run_both(b.loop, b.connections.attempt(request, resend::safe, 2s, in(5s)),
                   b.connections.attempt(request, resend::safe, 2s, in(5s)));
    EXPECT_EQ(b.server.connections(), 2);
    b.ask();
    EXPECT_EQ(b.server.connections(), 2);
}

TEST(pool, a_connection_that_the_backend_wants_closed_is_not_used_again) {
    for (const auto* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx",
                               "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 OK\r\n\r\nx"}) {
        bench b(say_and_close(answer));
        EXPECT_TRUE(complete(b.ask()));
        EXPECT_TRUE(complete(b.ask()));
        EXPECT_EQ(b.server.connections(), 2) << answer;
    }
}

TEST(pool, a_connection_that_the_backend_closed_while_idle_is_not_used) {
    for (const auto again : {resend::safe, resend::forbidden}) {
        bench b(say_and_close(ok_response("x")));
        EXPECT_TRUE(complete(b.ask(again)));
        b.wait_until_over(1);
        const sent result = b.ask(again);
        EXPECT_TRUE(complete(result));
        EXPECT_FALSE(result.sent_twice);
        EXPECT_EQ(b.server.connections(), 2);
    }
}

TEST(pool, a_connection_with_bytes_out_of_turn_is_not_used) {
    // The second answer would be taken for the answer to the next request.
    bench b(say_and_wait(ok_response("one") + ok_response("stray")));
    EXPECT_EQ(b.ask().answer->parser.body(), "one");
    EXPECT_EQ(b.ask().answer->parser.body(), "one");
    EXPECT_EQ(b.server.connections(), 2);
}

TEST(pool, a_connection_is_not_used_when_tls_holds_bytes_out_of_turn) {
    // The answer ends where the buffer does; the stray one behind it stays inside OpenSSL.
    const std::string fields = "HTTP/1.1 200 OK\r\nContent-Length: ";
    const std::size_t buffer = net::input_buffer().room().size();
    const std::string body(buffer - (fields + "16340\r\n\r\n").size(), 'x');
    ASSERT_EQ(ok_response(body).size(), buffer);
    net::event_loop loop;
    tiny_server server(loop, say_and_wait(ok_response(body) + "stray"), server_tls());
    pool connections(loop, shared(to_tls({server.address()})));
    const wire_request request{.bytes = question, .commit_bytes = 100'000, .head_bytes = 4096};
    for (int i = 0; i < 2; ++i) {
        const sent result = run(loop, connections.attempt(request, resend::safe, 2s, in(5s)));
        ASSERT_TRUE(complete(result));
    }
    EXPECT_EQ(server.connections(), 2);
}

// --- a kept connection that turns out to be dead ---

/// Answers one request; closes the connection on the second one, without an answer. Later connections answer
/// all.
tiny_server::script dies_on_second_request(std::vector<std::string>& seen) {
    return [&seen](visitor& with, int number) -> net::task<> {
        for (int i = 0;; ++i) {
            const std::string asked = co_await with.request();
            if (asked.empty()) co_return;
            seen.push_back(std::to_string(number) + " " + asked);
            if (number == 0 && i == 1) co_return;
            const std::string answer = ok_response("x");
            co_await with.say(answer);
        }
    };
}

TEST(pool, a_safe_request_is_sent_again_exactly_once_when_a_kept_connection_was_dead) {
    std::vector<std::string> seen;
    bench b(dies_on_second_request(seen));
    EXPECT_TRUE(complete(b.ask()));
    const sent result = b.ask();
    EXPECT_TRUE(complete(result));
    EXPECT_TRUE(result.sent_twice);
    EXPECT_THAT(seen, ElementsAre("0 POST /q hi", "0 POST /q hi", "1 POST /q hi"));
}

TEST(pool, an_unsafe_request_is_not_sent_again) {
    std::vector<std::string> seen;
    bench b(dies_on_second_request(seen));
    EXPECT_TRUE(complete(b.ask(resend::forbidden)));
    const sent result = b.ask(resend::forbidden);
    EXPECT_EQ(result.why, reason::reset);
    EXPECT_THAT(seen, SizeIs(2));
    EXPECT_EQ(b.server.connections(), 1);
}

TEST(pool, a_request_that_fails_on_a_fresh_connection_is_not_sent_again) {
    bench b(say_and_close(""));
    const sent result = b.ask();
    EXPECT_EQ(result.why, reason::reset);
    EXPECT_EQ(b.server.connections(), 1);
}

TEST(pool, a_request_that_got_half_an_answer_is_not_sent_again) {
    bench b([](visitor& with, int) -> net::task<> {
        co_await with.request();
        const std::string answer = ok_response("x");
        co_await with.say(answer);
        co_await with.request();
        co_await with.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    });
    EXPECT_TRUE(complete(b.ask()));
    EXPECT_EQ(b.ask().why, reason::truncated);
    EXPECT_EQ(b.server.connections(), 1);
}

TEST(pool, a_request_that_timed_out_on_a_kept_connection_is_not_sent_again) {
    bench silent([](visitor& with, int) -> net::task<> {
        co_await with.request();
        const std::string answer = ok_response("x");
        co_await with.say(answer);
        co_await with.request();
        co_await with.never();
    });
    EXPECT_TRUE(complete(silent.ask()));
    EXPECT_EQ(silent.ask(resend::safe, 2s, 20ms).why, reason::timed_out);
    EXPECT_EQ(silent.server.connections(), 1);
}

TEST(pool, a_first_copy_that_may_have_been_processed_is_not_forgotten_when_connecting_again_fails) {
    // "Failed to connect" would say that nothing was sent, and the next backend's "already seen" would be
    // believed.
    std::vector<std::string> seen;
    bench b(dies_on_second_request(seen));
    EXPECT_TRUE(complete(b.ask()));
    b.server.stop_listening();
    const sent result = b.ask();
    EXPECT_EQ(result.why, reason::reset);
    EXPECT_THAT(seen, SizeIs(2));
}

TEST(pool, the_time_to_connect_counts_from_connecting) {
    // The kept connection takes longer to die than a connection may take to be made.
    bench b([](visitor& with, int number) -> net::task<> {
        co_await with.request();
        const std::string answer = ok_response("x");
        co_await with.say(answer);
        co_await with.request();
        if (number > 0) co_return;
        with.stream().expires_at(in(60ms));
        co_await with.request();  // nothing comes: a pause
    });
    EXPECT_TRUE(complete(b.ask()));
    const sent result = b.ask(resend::safe, 50ms);
    EXPECT_TRUE(complete(result));
    EXPECT_TRUE(result.sent_twice);
}

// --- failures ---

TEST(pool, a_backend_that_is_not_there_is_a_failure_to_connect) {
    net::event_loop loop;
    pool connections(loop, bench::target_to({test::closed_port()}));
    const wire_request request{.bytes = question, .commit_bytes = 1000, .head_bytes = 4096};
    const sent result = run(loop, connections.attempt(request, resend::safe, 2s, in(5s)));
    EXPECT_EQ(result.why, reason::connect_failed);
    EXPECT_EQ(result.answer, nullptr);
}

TEST(pool, connecting_takes_no_longer_than_it_may) {
    net::event_loop loop;
    const test::black_hole hole;
    pool connections(loop, bench::target_to({hole.address()}));
    const wire_request request{.bytes = question, .commit_bytes = 1000, .head_bytes = 4096};
    EXPECT_EQ(run(loop, connections.attempt(request, resend::safe, 20ms, in(10s))).why,
              reason::connect_timeout);
    EXPECT_EQ(run(loop, connections.attempt(request, resend::safe, 10s, in(20ms))).why,
              reason::connect_timeout);
}

TEST(pool, a_connection_whose_answer_was_bad_is_not_used_again) {
    bench b(say_and_wait("nonsense\r\n\r\n"));
    EXPECT_EQ(b.ask().why, reason::bad_response);
    EXPECT_EQ(b.ask().why, reason::bad_response);
    EXPECT_EQ(b.server.connections(), 2);
}

// --- large answers ---

net::task<bool> read_rest(response& of) {
    connection& from = *of.rest_from;
    const auto read = co_await net::read_until(from.stream(), from.buffer(), of.parser,
                                               [](http::response_parser& p) { return p.complete(); });
    co_return read.ok();
}

TEST(pool, a_large_answer_keeps_its_connection_until_it_is_put_back) {
    const std::string large(100'000, 'x');
    bench b([&](visitor& with, int) -> net::task<> {
        for (;;) {
            const std::string asked = co_await with.request();
            if (asked.empty()) co_return;
            const std::string answer = ok_response(large);
            co_await with.say(answer);
        }
    });
    sent result = b.ask();
    ASSERT_TRUE(result.answer);
    ASSERT_FALSE(result.answer->parser.complete());
    ASSERT_NE(result.answer->rest_from, nullptr);
    EXPECT_TRUE(run(b.loop, read_rest(*result.answer)));
    EXPECT_TRUE(result.answer->parser.body() == large);
    b.connections.put_back(std::move(result.answer->rest_from));
    b.ask();
    EXPECT_EQ(b.server.connections(), 1);
}

TEST(pool, while_a_large_answer_is_read_others_use_another_connection) {
    bench b(say_and_wait(ok_response(std::string(100'000, 'x'))));
    const sent first = b.ask();
    b.ask();
    EXPECT_EQ(b.server.connections(), 2);
}

// --- a backend that falls silent ---

TEST(pool, a_backend_that_is_silent_is_asked_on_a_new_connection) {
    // The first two connections are answered once.
    bench b([](visitor& with, int number) -> net::task<> {
        const std::string answer = ok_response("x");
        for (int i = 0; number > 1 || i == 0; ++i) {
            const std::string asked = co_await with.request();
            if (asked.empty()) co_return;
            co_await with.say(answer);
        }
        co_await with.request();
        co_await with.never();
    });
    const wire_request request{.bytes = question, .commit_bytes = 1000, .head_bytes = 4096};
    test::run_both(b.loop, b.connections.attempt(request, resend::safe, 2s, in(5s)),
                   b.connections.attempt(request, resend::safe, 2s, in(5s)));
    ASSERT_EQ(b.server.connections(), 2);
    const auto later = [](bench& at, const wire_request& what) -> net::task<sent> {
        co_await at.loop.wait_until(in(silence::least + 20ms));
        auto asking = at.connections.attempt(what, resend::safe, 2s, in(5s));
        co_return co_await std::move(asking);
    };
    const auto [first, second] =
        test::run_both(b.loop, b.connections.attempt(request, resend::safe, 2s, in(1s)), later(b, request));
    EXPECT_EQ(first.why, reason::timed_out);
    EXPECT_TRUE(complete(second));
    EXPECT_EQ(b.server.connections(), 3);
}

// --- other addresses ---

TEST(pool, new_addresses_leave_the_old_connections_behind) {
    std::vector<std::string> seen;
    std::vector<std::string> seen_elsewhere;
    bench b(seen);
    tiny_server other(b.loop, echo(seen_elsewhere));
    b.ask();
    b.connections.retarget(bench::target_to({other.address()}));
    b.ask();
    EXPECT_THAT(seen, SizeIs(1));
    EXPECT_THAT(seen_elsewhere, SizeIs(1));
}

TEST(pool, the_same_addresses_keep_the_connections) {
    std::vector<std::string> seen;
    bench b(seen);
    b.ask();
    b.connections.retarget(bench::target_to({b.server.address()}));
    b.ask();
    EXPECT_EQ(b.server.connections(), 1);
}

TEST(pool, a_connection_to_a_former_address_is_not_kept_when_its_request_is_over) {
    std::vector<std::string> seen_elsewhere;
    pool* of = nullptr;
    std::optional<tiny_server> other;
    bench b([&](visitor& with, int) -> net::task<> {
        co_await with.request();
        of->retarget(bench::target_to({other->address()}));  // while the request is under way
        const std::string answer = ok_response("x");
        co_await with.say(answer);
        co_await with.request();
    });
    of = &b.connections;
    other.emplace(b.loop, echo(seen_elsewhere));
    EXPECT_TRUE(complete(b.ask()));
    const sent second = b.ask();
    EXPECT_TRUE(complete(second));
    EXPECT_FALSE(second.sent_twice);
    EXPECT_THAT(seen_elsewhere, SizeIs(1));
    other.reset();  // before the loop
}

// --- bounds ---

net::task<connection_ptr> connection_to(net::event_loop& loop, const target& to) {
    auto made = co_await connect(loop, to, in(5s));
    co_return made ? std::move(*made) : nullptr;
}

TEST(pool, keeps_a_bounded_number_of_idle_connections) {
    std::vector<std::string> seen;
    bench b(seen);
    for (std::size_t i = 0; i < pool::max_idle + 3; ++i)
        b.connections.put_back(run(b.loop, connection_to(b.loop, b.connections.to())));
    b.wait_until_over(3);
    test::settle(b.loop);
    EXPECT_EQ(b.server.over(), 3);
}

}  // namespace
}  // namespace garde::upstream
