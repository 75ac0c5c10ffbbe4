// Messages read from a stream however they are cut, and garde's own pages served over one.
#include "garde/net/http_io.hpp"

#include "garde/caller/identity.hpp"

#include "tls_pair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace garde::net {
namespace {

using test::in;
using test::pki;
using test::run;
using test::run_both;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing_support::client_context;
using testing_support::plain_pair;
using testing_support::read_all;
using testing_support::server_context;
using testing_support::stream_pair;
using namespace std::chrono_literals;

// --- the input buffer ---

void put(input_buffer& into, std::string_view text) {
    while (!text.empty()) {
        const auto room = into.room();
        ASSERT_FALSE(room.empty());
        const std::size_t count = std::min(room.size(), text.size());
        std::copy_n(text.data(), count, room.data());
        into.filled(count);
        text.remove_prefix(count);
    }
}

TEST(input_buffer, gives_back_what_was_put_in) {
    input_buffer buffer(8);
    EXPECT_EQ(buffer.available(), "");
    put(buffer, "abc");
    EXPECT_EQ(buffer.available(), "abc");
    buffer.consume(1);
    EXPECT_EQ(buffer.available(), "bc");
    buffer.consume(2);
    EXPECT_EQ(buffer.available(), "");
}

TEST(input_buffer, grows_when_it_is_full) {
    input_buffer buffer(4);
    put(buffer, "0123456789");
    EXPECT_EQ(buffer.available(), "0123456789");
}

TEST(input_buffer, uses_the_room_of_what_was_consumed) {
    input_buffer buffer(4);
    for (int i = 0; i < 1000; ++i) {
        put(buffer, "ab");
        ASSERT_TRUE(buffer.available().ends_with("ab"));
        buffer.consume(i == 0 ? 1 : 2);
        ASSERT_EQ(buffer.available(), "b");
    }
    EXPECT_LE(buffer.room().size(), 64U);
}

// --- read_until ---

constexpr std::string_view two_requests =
    "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
    "GET /b HTTP/1.1\r\nHost: x\r\n\r\n";

bool complete(http::request_parser& parser) {
    return parser.complete();
}

/// Writes `text` cut after `first` bytes; the second piece only when the reader waits for it.
task<io_status> write_in_two(stream& to, event_loop& loop, std::string_view text, std::size_t first) {
    const io_status begun = co_await to.write_all(text.substr(0, first));
    if (begun != io_status::ok) co_return begun;
    co_await loop.yield();
    co_return co_await to.write_all(text.substr(first));
}

task<std::string> read_two(stream& from) {
    input_buffer buffer(16);
    http::request_parser parser({});
    std::string out;
    for (int i = 0; i < 2; ++i) {
        parser.reset();
        const auto read = co_await read_until(from, buffer, parser, complete);
        if (!read.ok()) co_return out + "failed";
        out += std::string(parser.head().method) + " " + std::string(parser.head().target) + " " +
               parser.body() + "|";
    }
    co_return out;
}

TEST(read_until, reads_pipelined_messages_wherever_they_are_cut) {
    for (std::size_t cut = 0; cut <= two_requests.size(); ++cut) {
        event_loop loop;
        stream_pair pair = plain_pair(loop);
        const auto [written, read] =
            run_both(loop, write_in_two(*pair.client, loop, two_requests, cut), read_two(*pair.server));
        ASSERT_EQ(read, "POST /a hello|GET /b |") << "cut at " << cut;
    }
}

task<read_result> read_one(stream& from, http::request_parser& parser,
                           bool (*enough)(http::request_parser&)) {
    input_buffer buffer;
    co_return co_await read_until(from, buffer, parser, enough);
}

TEST(read_until, stops_when_it_has_enough) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    run(loop, pair.client->write_all("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"));
    http::request_parser parser({});
    const auto read =
        run(loop, read_one(*pair.server, parser, [](http::request_parser& p) { return p.head_complete(); }));
    EXPECT_TRUE(read.ok());
    EXPECT_FALSE(parser.complete());
}

TEST(read_announced, takes_what_has_come_and_waits_for_nothing) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    input_buffer buffer(16);
    http::request_parser parser({});
    run(loop, pair.client->write_all(two_requests.substr(0, 30)));
    test::settle(loop);
    EXPECT_EQ(read_announced(*pair.server, buffer, parser, complete).received, 30U);
    EXPECT_EQ(read_announced(*pair.server, buffer, parser, complete).received, 0U);
    EXPECT_FALSE(parser.complete());
    run(loop, pair.client->write_all(two_requests.substr(30)));
    test::settle(loop);
    EXPECT_TRUE(read_announced(*pair.server, buffer, parser, complete).ok());
    EXPECT_EQ(parser.body(), "hello");
}

TEST(read_announced, tells_what_the_parser_refuses) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    input_buffer buffer;
    http::request_parser parser({});
    run(loop, pair.client->write_all("nonsense\r\n\r\n"));
    test::settle(loop);
    EXPECT_TRUE(read_announced(*pair.server, buffer, parser, complete).refused);
}

TEST(read_until, tells_what_the_parser_refuses) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    run(loop, pair.client->write_all("nonsense\r\n\r\n"));
    http::request_parser parser({});
    const auto read = run(loop, read_one(*pair.server, parser, complete));
    ASSERT_TRUE(read.refused);
    EXPECT_EQ(read.refused->status, 400);
    EXPECT_FALSE(read.ok());
}

TEST(read_until, tells_how_the_stream_ended) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    run(loop, pair.client->write_all("GET / HT"));
    pair.client->close();
    http::request_parser parser({});
    EXPECT_EQ(run(loop, read_one(*pair.server, parser, complete)).status, io_status::eof);

    stream_pair silent = plain_pair(loop);
    silent.server->expires_at(in(10ms));
    http::request_parser other({});
    EXPECT_EQ(run(loop, read_one(*silent.server, other, complete)).status, io_status::timed_out);
}

// --- pages ---

task<page_reply> echo(const page_request& asked) {
    page_reply out;
    out.body = std::string(asked.head.method) + " " + std::string(asked.head.path) + " " +
               std::string(asked.body) + " from " + std::string(asked.peer);
    if (asked.certificate != nullptr) out.body += " " + caller::from_certificate(asked.certificate).subject();
    out.fields.push_back({"X-Test", "yes"});
    if (asked.head.path == "/missing")
        out = {.status = 404, .content_type = "text/plain", .fields = {}, .body = "no"};
    if (asked.head.path == "/nothing")
        out = {.status = 204, .content_type = "text/plain", .fields = {}, .body = {}};
    co_return out;
}

page_limits quick_limits() {
    return {.parser = {.head_bytes = 1024, .body_bytes = 100},
            .handshake_time = 5s,
            .idle_time = 5s,
            .request_time = 5s};
}

task<std::string> converse(stream& over, std::string_view requests) {
    std::string out;
    const io_status shaken = co_await over.handshake();
    if (shaken != io_status::ok) co_return "no handshake";
    const io_status written = co_await over.write_all(requests);
    if (written != io_status::ok) co_return "not written";
    co_await read_all(over, out);
    co_return out;
}

/// What a server of pages says to these bytes until it closes.
std::string ask_pages(std::string_view requests, const page_limits& limits = quick_limits()) {
    event_loop loop;
    auto [a, b] = test::connected_pair();
    stream client(loop, std::move(a), nullptr);
    std::string out;
    bool served = false;
    loop.spawn(test::keep_end(serve_pages(loop, std::move(b), nullptr, echo, limits), served));
    out = run(loop, converse(client, requests));
    client.close();
    test::run_until(loop, [&] { return served; });
    return out;
}

TEST(serve_pages, answers_a_request) {
    const auto said = ask_pages("GET /page?q=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(said, HasSubstr("\r\nDate: "));
    EXPECT_THAT(said, HasSubstr("\r\nX-Test: yes\r\n"));
    EXPECT_THAT(said, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(said, HasSubstr("\r\nContent-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_TRUE(said.ends_with("\r\n\r\nGET /page  from 127.0.0.1")) << said;
}

TEST(serve_pages, answers_one_request_after_the_other) {
    const auto said = ask_pages(
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
        "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(said, HasSubstr("POST /a one from"));
    EXPECT_THAT(said, HasSubstr("GET /b  from"));
}

TEST(serve_pages, answers_head_without_a_body) {
    const auto said = ask_pages("HEAD /page HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(said, HasSubstr("\r\nContent-Length: " +
                                std::to_string(std::string("HEAD /page  from 127.0.0.1").size())));
    EXPECT_TRUE(said.ends_with("\r\n\r\n")) << said;
}

TEST(serve_pages, gives_the_handlers_status) {
    EXPECT_THAT(ask_pages("GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST(serve_pages, an_empty_answer_has_no_content_type) {
    EXPECT_THAT(ask_pages("GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                Not(HasSubstr("Content-Type:")));
}

TEST(serve_pages, closes_after_http_1_0) {
    EXPECT_THAT(ask_pages("GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(serve_pages, refuses_nonsense_and_closes) {
    const auto said = ask_pages("nonsense\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(said, StartsWith("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_THAT(said, HasSubstr("application/problem+json"));
    EXPECT_THAT(said, HasSubstr("nosniff"));
    EXPECT_THAT(said, Not(HasSubstr("200 OK")));
}

TEST(serve_pages, refuses_a_body_over_the_limit_and_the_refusal_arrives) {
    // More than the sockets' buffers hold: without care, the reset would overtake the refusal.
    const auto said = ask_pages("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" +
                                std::string(8'000'000, 'x'));
    EXPECT_THAT(said, StartsWith("HTTP/1.1 413 "));
}

TEST(serve_pages, refuses_a_head_over_the_limit) {
    EXPECT_THAT(ask_pages("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(2'000, 'x') + "\r\n\r\n"),
                StartsWith("HTTP/1.1 431 "));
}

TEST(serve_pages, an_idle_connection_is_closed) {
    page_limits limits = quick_limits();
    limits.idle_time = 10ms;
    EXPECT_EQ(ask_pages("", limits), "");
}

TEST(serve_pages, a_request_that_is_never_finished_is_closed) {
    page_limits limits = quick_limits();
    limits.idle_time = 10ms;
    EXPECT_EQ(ask_pages("GET / HTTP/1.1\r\nHost:", limits), "");
}

TEST(serve_pages, speaks_tls_and_tells_the_handler_who_asks) {
    event_loop loop;
    auto [a, b] = test::connected_pair();
    stream client(loop, std::move(a), client_context(pki::shared().client()).connect_side(test::server_name));
    ssl_ptr ssl = server_context(config::client_certificates::optional).accept_side();
    loop.spawn(serve_pages(loop, std::move(b), std::move(ssl), echo, quick_limits()));
    const auto said = run(loop, converse(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    EXPECT_THAT(said, HasSubstr("CN=pharmacy"));
}

TEST(serve_pages, a_failed_handshake_ends_it) {
    event_loop loop;
    auto [a, b] = test::connected_pair();
    stream client(loop, std::move(a), nullptr);
    bool served = false;
    loop.spawn(test::keep_end(
        serve_pages(loop, std::move(b), server_context().accept_side(), echo, quick_limits()), served));
    run(loop, client.write_all("no TLS at all"));
    test::run_until(loop, [&] { return served; });
    EXPECT_TRUE(served);
}

}  // namespace
}  // namespace garde::net
