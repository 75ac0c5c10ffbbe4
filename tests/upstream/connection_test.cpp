// Connecting to a backend, and what one request on a connection comes to.
#include "garde/upstream/connection.hpp"

#include "tiny_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace garde::upstream {

namespace {

using continuity::reason;
using test::in;
using test::run;
using namespace std::chrono_literals;
using namespace testing_support;

net::task<reason> connect_only(net::event_loop& loop, const target& to, steady_time give_up_at) {
    const auto connected = co_await connect(loop, to, give_up_at);
    co_return connected ? reason::none : connected.error();
}

reason try_connecting(net::event_loop& loop, const target& to, milliseconds time = 5s) {
    return run(loop, connect_only(loop, to, in(time)));
}

// --- targets ---

TEST(make_target, an_address_needs_no_resolving) {
    for (const auto* host : {"127.0.0.1", "::1"}) {
        config::backend_settings settings;
        settings.address = {host, 8443};
        settings.tls = false;
        const auto made = make_target(settings);
        ASSERT_TRUE(made);
        ASSERT_EQ(made->addresses.size(), 1U);
        EXPECT_EQ(made->addresses[0], net::endpoint::from_literal(host, 8443));
        EXPECT_FALSE(made->tls);
    }
}

TEST(make_target, a_name_has_no_address_yet) {
    config::backend_settings settings;
    settings.address = {"a.test", 8443};
    settings.ca = test::pki::shared().ca();
    const auto made = make_target(settings);
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->addresses.empty());
    EXPECT_TRUE(made->tls);
}

TEST(make_target, a_ca_that_cannot_be_read_is_an_error) {
    config::backend_settings settings;
    settings.ca = "/nonexistent/ca.pem";
    EXPECT_FALSE(make_target(settings));
}

// --- connecting ---

TEST(connect, reaches_a_backend) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen));
    EXPECT_EQ(try_connecting(loop, to_plain({server.address()})), reason::none);
}

TEST(connect, shakes_hands_where_the_target_has_tls) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen), server_tls());
    EXPECT_EQ(try_connecting(loop, to_tls({server.address()})), reason::none);
}

TEST(connect, nobody_there_is_a_failure_to_connect) {
    net::event_loop loop;
    EXPECT_EQ(try_connecting(loop, to_plain({test::closed_port()})), reason::connect_failed);
}

TEST(connect, no_address_is_a_failure_to_connect) {
    net::event_loop loop;
    EXPECT_EQ(try_connecting(loop, to_plain({})), reason::connect_failed);
}

TEST(connect, tries_the_next_address) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen));
    EXPECT_EQ(try_connecting(loop, to_plain({test::closed_port(), server.address()})), reason::none);
}

TEST(connect, an_address_that_swallows_packets_runs_out_of_time) {
    net::event_loop loop;
    const test::black_hole hole;
    EXPECT_EQ(try_connecting(loop, to_plain({hole.address()}), 30ms), reason::connect_timeout);
}

TEST(connect, an_address_that_swallows_packets_leaves_time_for_the_next) {
    net::event_loop loop;
    const test::black_hole hole;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen));
    EXPECT_EQ(try_connecting(loop, to_plain({hole.address(), server.address()}), 100ms), reason::none);
}

TEST(connect, a_handshake_that_does_not_end_runs_out_of_time) {
    net::event_loop loop;
    tiny_server mute(loop, [](visitor& with, int) -> net::task<> { co_await with.never(); });
    EXPECT_EQ(try_connecting(loop, to_tls({mute.address()}), 30ms), reason::connect_timeout);
}

TEST(connect, a_backend_without_tls_is_a_tls_failure) {
    net::event_loop loop;
    tiny_server plain(loop, [](visitor& with, int) -> net::task<> { co_await with.say("220 welcome\r\n"); });
    EXPECT_EQ(try_connecting(loop, to_tls({plain.address()})), reason::tls_failed);
}

TEST(connect, a_certificate_for_another_name_is_a_tls_failure) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen), server_tls());
    target to = to_tls({server.address()});
    to.server_name = "other.garde.test";
    EXPECT_EQ(try_connecting(loop, to), reason::tls_failed);
}

// --- one request ---

struct what_came {
    sent result;
    bool complete = false;
    int status = 0;
    std::string body;
};

net::task<what_came> connect_and_send(net::event_loop& loop, const target& to, wire_request request,
                                      milliseconds time) {
    auto connected = co_await connect(loop, to, in(5s));
    what_came out;
    if (!connected) {
        out.result.why = connected.error();
        co_return out;
    }
    out.result = co_await send(**connected, request, in(time));
    if (out.result.answer) {
        out.complete = out.result.answer->parser.complete();
        out.status = out.result.answer->parser.head().status;
        out.body = out.result.answer->parser.body();
    }
    co_return out;
}

constexpr std::string_view question = "POST /q HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";

wire_request asking(std::string_view bytes = question, http::request_was method = http::request_was::other) {
    return {.bytes = bytes, .method = method, .commit_bytes = 1000, .head_bytes = 4096};
}

/// What a request to a server with this script comes to; the same over TLS.
what_came ask(tiny_server::script script, wire_request request = asking(), milliseconds time = 5s) {
    net::event_loop loop;
    tiny_server server(loop, script);
    return run(loop, connect_and_send(loop, to_plain({server.address()}), request, time));
}

what_came ask_over_tls(tiny_server::script script) {
    net::event_loop loop;
    tiny_server server(loop, script, server_tls());
    return run(loop, connect_and_send(loop, to_tls({server.address()}), asking(), 5s));
}

TEST(send, a_complete_response_is_the_answer) {
    std::vector<std::string> seen;
    for (const auto& came : {ask(echo(seen)), ask_over_tls(echo(seen))}) {
        EXPECT_EQ(came.result.why, reason::none);
        EXPECT_TRUE(came.complete);
        EXPECT_EQ(came.status, 200);
        EXPECT_EQ(came.body, "POST /q hi");
        EXPECT_FALSE(came.result.nothing_received);
        EXPECT_FALSE(came.result.sent_twice);
    }
}

TEST(send, a_response_that_lasts_until_the_end_is_complete_then) {
    const auto script = say_and_close("HTTP/1.1 200 OK\r\n\r\nall of it");
    for (const auto& came : {ask(script), ask_over_tls(script)}) {
        EXPECT_EQ(came.result.why, reason::none);
        EXPECT_TRUE(came.complete);
        EXPECT_EQ(came.body, "all of it");
    }
}

TEST(send, a_response_up_to_the_commit_limit_is_waited_for) {
    const auto came = ask(say_and_wait(ok_response(std::string(1000, 'x'))));
    EXPECT_TRUE(came.complete);
    EXPECT_EQ(came.body.size(), 1000U);
}

TEST(send, a_response_over_the_commit_limit_is_not_waited_for) {
    const auto came =
        ask(say_and_wait("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + std::string(1001, 'x')));
    EXPECT_EQ(came.result.why, reason::none);
    EXPECT_FALSE(came.complete);
    EXPECT_GE(came.body.size(), 1001U);
}

TEST(send, interim_responses_are_not_the_answer) {
    const auto came = ask(
        say_and_wait("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + ok_response("final")));
    EXPECT_EQ(came.status, 200);
    EXPECT_EQ(came.body, "final");
}

TEST(send, an_answer_to_head_has_no_body) {
    const auto came = ask(say_and_wait("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
                          asking("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", http::request_was::head));
    EXPECT_TRUE(came.complete);
    EXPECT_EQ(came.body, "");
}

TEST(send, an_early_refusal_is_read_even_when_the_request_could_not_be_written) {
    const std::string large =
        "POST /q HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + std::string(8'000'000, 'x');
    const auto came = ask(
        [](visitor& with, int) -> net::task<> {
            co_await with.say(
                "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            with.stream().expires_at(in(5s));
            co_await with.stream().close_after_refusal();
        },
        asking(large));
    EXPECT_EQ(came.status, 413);
}

TEST(send, no_answer_in_time_is_a_timeout) {
    EXPECT_EQ(ask(say_and_wait(""), asking(), 20ms).result.why, reason::timed_out);
}

TEST(send, half_an_answer_in_time_is_a_timeout) {
    EXPECT_EQ(
        ask(say_and_wait("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), asking(), 20ms).result.why,
        reason::timed_out);
}

TEST(send, a_request_that_nobody_reads_is_a_timeout) {
    const std::string large(40'000'000, 'x');
    const auto came =
        ask([](visitor& with, int) -> net::task<> { co_await with.never(); }, asking(large), 20ms);
    EXPECT_EQ(came.result.why, reason::timed_out);
}

TEST(send, an_end_before_the_answer_is_a_reset) {
    for (const auto& came : {ask(say_and_close("")), ask_over_tls(say_and_close(""))}) {
        EXPECT_EQ(came.result.why, reason::reset);
        EXPECT_TRUE(came.result.nothing_received);
    }
}

TEST(send, an_end_inside_the_head_is_a_reset_but_not_nothing) {
    const auto came = ask(say_and_close("HTTP/1.1 200"));
    EXPECT_EQ(came.result.why, reason::reset);
    EXPECT_FALSE(came.result.nothing_received);
}

TEST(send, an_end_after_an_interim_response_is_not_nothing) {
    const auto came = ask(say_and_close("HTTP/1.1 100 Continue\r\n\r\n"));
    EXPECT_EQ(came.result.why, reason::reset);
    EXPECT_FALSE(came.result.nothing_received);
}

TEST(send, an_end_inside_the_body_is_a_truncation) {
    for (const auto* text : {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"}) {
        EXPECT_EQ(ask(say_and_close(text)).result.why, reason::truncated) << text;
        EXPECT_EQ(ask_over_tls(say_and_close(text)).result.why, reason::truncated) << text;
    }
}

TEST(send, what_is_not_http_is_a_bad_response) {
    EXPECT_EQ(ask(say_and_close("220 mail.test ready\r\n\r\n")).result.why, reason::bad_response);
    EXPECT_EQ(
        ask(say_and_close("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")).result.why,
        reason::bad_response);
}

TEST(send, a_head_over_the_limit_is_a_bad_response) {
    EXPECT_EQ(ask(say_and_close("HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n")).result.why,
              reason::bad_response);
}

TEST(send, over_tls_an_end_that_may_be_an_attack_is_a_truncation) {
    // The body lasts until the end of the connection, and the connection ends without a goodbye.
    const auto came = ask_over_tls([](visitor& with, int) -> net::task<> {
        co_await with.request();
        co_await with.say("HTTP/1.1 200 OK\r\n\r\nhalf of it");
        with.vanish();
    });
    EXPECT_EQ(came.result.why, reason::truncated);
}

}  // namespace
}  // namespace garde::upstream
