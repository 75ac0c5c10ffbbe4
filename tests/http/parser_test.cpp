// Request and response parsers: what they deliver, where they stop, and their limits.
#include "garde/http/parser.hpp"

#include "drive.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace garde::http {
namespace {

using test::read_requests;
using test::read_responses;

const std::string post = "POST /a?b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
const std::string chunked_post =
    "POST /c HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Trailer\r\n\r\n"
    "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n";

/// Feeds all of it, through the stop behind the head.
template <class Parser>
std::size_t put_all(Parser& parser, std::string_view bytes) {
    std::size_t total = 0;
    while (total < bytes.size() && !parser.complete()) {
        const auto n = parser.put(bytes.substr(total));
        if (!n) {
            ADD_FAILURE() << n.error().what;
            break;
        }
        if (*n == 0) break;
        total += *n;
    }
    return total;
}

TEST(request_parser, stops_behind_the_head) {
    request_parser parser({});
    EXPECT_EQ(parser.put(post).value(), post.size() - 5);
    EXPECT_TRUE(parser.head_complete());
    EXPECT_FALSE(parser.complete());
    EXPECT_TRUE(parser.body().empty());
    EXPECT_EQ(parser.put("hello").value(), 5U);
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(parser.body(), "hello");
}

TEST(request_parser, gives_the_head) {
    request_parser parser({});
    put_all(parser, post);
    const auto& head = parser.head();
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/a?b");
    EXPECT_EQ(head.path, "/a");
    EXPECT_EQ(head.version, 11);
    EXPECT_EQ(head.framing, body_framing::content_length);
    EXPECT_EQ(head.content_length, 5U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.expect_continue);
    ASSERT_EQ(head.fields.size(), 2U);
    EXPECT_EQ(head.fields[0].name, "Host");
    EXPECT_EQ(head.fields[0].value, "a.test");
    EXPECT_EQ(head.bytes, post.substr(0, post.size() - 5));
}

TEST(request_parser, all_views_point_into_its_own_copy) {
    request_parser parser({});
    ASSERT_TRUE(parser.put(post));
    const auto& head = parser.head();
    const auto inside = [&](std::string_view v) {
        return v.data() >= head.bytes.data() && v.data() + v.size() <= head.bytes.data() + head.bytes.size();
    };
    EXPECT_TRUE(inside(head.method) && inside(head.target) && inside(head.path));
    for (const auto& f : head.fields) EXPECT_TRUE(inside(f.name) && inside(f.value));
}

TEST(request_parser, consumes_nothing_of_half_a_head) {
    request_parser parser({});
    EXPECT_EQ(parser.put("GET / HTTP/1.1\r\nHost: a.te").value(), 0U);
    EXPECT_FALSE(parser.head_complete());
}

TEST(request_parser, a_request_without_body_is_complete_behind_its_head) {
    request_parser parser({});
    const std::string get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    EXPECT_EQ(parser.put(get + "GET /next").value(), get.size());
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(parser.head().framing, body_framing::none);
}

TEST(request_parser, leaves_the_next_request_alone) {
    request_parser parser({});
    EXPECT_EQ(put_all(parser, post + chunked_post), post.size());
    parser.reset();
    EXPECT_FALSE(parser.head_complete());
    EXPECT_EQ(put_all(parser, chunked_post + post), chunked_post.size());
    EXPECT_EQ(parser.body(), "hello world");
    EXPECT_EQ(parser.put(post).value(), 0U);
}

TEST(request_parser, keeps_its_buffers_over_reset) {
    request_parser parser({});
    put_all(parser, post);
    const auto* bytes = parser.head().bytes.data();
    const auto* fields = parser.head().fields.data();
    parser.reset();
    put_all(parser, post);
    EXPECT_EQ(parser.head().bytes.data(), bytes);
    EXPECT_EQ(parser.head().fields.data(), fields);
}

TEST(request_parser, gives_back_a_large_body_buffer) {
    request_parser parser({});
    put_all(parser,
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 200000\r\n\r\n" + std::string(200000, 'x'));
    ASSERT_TRUE(parser.complete());
    parser.reset();
    EXPECT_LE(parser.body().capacity(), 64U * 1024);
}

TEST(request_parser, drops_trailers) {
    request_parser parser({});
    put_all(parser, chunked_post);
    ASSERT_TRUE(parser.complete());
    EXPECT_FALSE(parser.head().find("X-Trailer"));
}

TEST(request_parser, a_trailer_does_not_close_the_connection) {
    request_parser parser({});
    put_all(parser,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Connection\r\n\r\n"
            "0\r\nConnection: close\r\n\r\n");
    ASSERT_TRUE(parser.complete());
    EXPECT_TRUE(parser.head().keep_alive);
}

TEST(request_parser, path_of_the_absolute_form) {
    request_parser parser({});
    put_all(parser, "GET http://a.test/x/y?z HTTP/1.1\r\nHost: a.test\r\n\r\n");
    EXPECT_EQ(parser.head().path, "/x/y");
}

TEST(request_parser, path_of_the_absolute_form_without_one) {
    request_parser parser({});
    put_all(parser, "GET http://a.test?z HTTP/1.1\r\nHost: a.test\r\n\r\n");
    EXPECT_EQ(parser.head().path, "/");
}

struct keep_alive_case {
    const char* head;
    bool expected;
};

TEST(request_parser, keep_alive_by_version_and_connection) {
    const keep_alive_case cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (const auto& c : cases) {
        request_parser parser({});
        put_all(parser, c.head);
        EXPECT_EQ(parser.head().keep_alive, c.expected) << c.head;
    }
}

TEST(request_parser, expects_continue_with_a_body_only) {
    request_parser parser({});
    put_all(parser, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
    EXPECT_TRUE(parser.head().expect_continue);
    parser.reset();
    put_all(parser, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_FALSE(parser.head().expect_continue);
    parser.reset();
    put_all(parser, "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    EXPECT_FALSE(parser.head().expect_continue);
}

TEST(request_parser, repeats_its_error) {
    request_parser parser({});
    ASSERT_FALSE(parser.put("GET /\n"));
    const auto again = parser.put("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().status, 400);
    EXPECT_FALSE(parser.head_complete());
}

TEST(request_parser, works_again_after_an_error_and_reset) {
    request_parser parser({});
    ASSERT_FALSE(parser.put("GET /\n"));
    parser.reset();
    put_all(parser, post);
    EXPECT_TRUE(parser.complete());
}

TEST(request_parser, never_quotes_values) {
    const auto t = read_requests({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: sesame\r\n\r\n"});
    EXPECT_EQ(t.error_status, 400);
    EXPECT_EQ(t.error_what.find("sesame"), std::string::npos);
}

TEST(request_limits, a_long_start_line_is_414) {
    const auto t = read_requests({"GET /" + std::string(200, 'x')}, {.head_bytes = 100});
    EXPECT_EQ(t.error_status, 414);
}

TEST(request_limits, a_long_head_is_431_though_each_line_is_short) {
    std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n";
    for (int i = 0; i < 20; ++i) head += "X-A: 12345678\r\n";
    EXPECT_EQ(read_requests({head + "\r\n"}, {.head_bytes = 200}).error_status, 431);
    EXPECT_EQ(read_requests(test::single_bytes(head + "\r\n"), {.head_bytes = 200}).error_status, 431);
}

TEST(request_limits, too_many_fields_are_431) {
    std::string head = "GET / HTTP/1.1\r\nHost: a.test\r\n";
    for (int i = 0; i < 255; ++i) head += "X:\r\n";
    EXPECT_EQ(read_requests({head + "\r\n"}).messages.size(), 1U);
    EXPECT_EQ(read_requests({head + "X:\r\n\r\n"}).error_status, 431);
}

TEST(request_limits, a_long_body_is_413_before_it_comes) {
    const auto t =
        read_requests({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"}, {.body_bytes = 10});
    EXPECT_EQ(t.error_status, 413);
}

TEST(request_limits, a_body_of_the_limit_passes) {
    const parser_limits limits{.body_bytes = 10};
    EXPECT_EQ(read_requests({"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"}, limits)
                  .error_status,
              0);
    EXPECT_EQ(read_requests({"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"},
                            limits)
                  .messages.size(),
              1U);
}

TEST(request_limits, a_long_chunked_body_is_413_with_the_chunk_that_exceeds) {
    const auto t =
        read_requests({"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n"},
                      {.body_bytes = 10});
    EXPECT_EQ(t.error_status, 413);
}

TEST(request_limits, each_request_has_its_own_body_limit) {
    const std::string one =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n0\r\n\r\n";
    EXPECT_EQ(read_requests({one + one}, {.body_bytes = 10}).messages.size(), 2U);
}

std::string chunked_with(std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X, XX, X-T\r\n\r\n" +
           std::string(body);
}

TEST(request_limits, chunk_extensions_are_bounded_over_the_message) {
    std::string body;
    const std::string chunk = "1;" + std::string(127, 'e') + "\r\nx\r\n";
    for (int i = 0; i < 8; ++i) body += chunk;
    EXPECT_EQ(read_requests({chunked_with(body + "0\r\n\r\n")}).messages.size(), 1U);
    EXPECT_EQ(read_requests({chunked_with(body + "1;e\r\nx\r\n0\r\n\r\n")}).error_status, 400);
}

TEST(request_limits, a_chunk_line_that_does_not_end_is_refused) {
    EXPECT_EQ(read_requests({chunked_with("1;" + std::string(2000, 'e'))}).error_status, 400);
    EXPECT_EQ(read_requests({chunked_with(std::string(2000, '0'))}).error_status, 400);
    EXPECT_TRUE(read_requests({chunked_with("1;" + std::string(1000, 'e'))}).inside);
}

TEST(request_limits, trailers_are_bounded) {
    const std::string field = "X: " + std::string(8 * 1024 - 5, 't') + "\r\n";
    EXPECT_EQ(read_requests({chunked_with("0\r\n" + field + "\r\n")}).messages.size(), 1U);
    EXPECT_EQ(read_requests({chunked_with("0\r\nX" + field + "\r\n")}).error_status, 400);
}

TEST(request_limits, trailers_that_do_not_end_are_refused) {
    std::string endless = "0\r\n";
    for (int i = 0; i < 1000; ++i) endless += "X-T: 12345\r\n";
    EXPECT_EQ(read_requests({chunked_with(endless)}).error_status, 400);
}

TEST(request_parser, may_see_the_same_unfinished_last_chunk_again) {
    for (const auto* chunk : {"0", "0\r\n", "0\r\n\r", "00\r\n", "0;\r\n", "0x\r\n"}) {
        request_parser parser({});
        put_all(parser, chunked_with(""));
        EXPECT_EQ(parser.put(chunk).value(), 0U) << chunk;
        EXPECT_EQ(parser.put(chunk).value(), 0U) << chunk;
        EXPECT_FALSE(parser.complete()) << chunk;
    }
}

TEST(request_limits, quotes_in_a_chunk_extension_end_with_its_line) {
    // Beast alone would look for the closing quote in what follows, and wait for it.
    EXPECT_EQ(read_requests({chunked_with("5;a=\"\r\n")}).error_status, 400);
    EXPECT_TRUE(read_requests({chunked_with("5;a=\"\r")}).inside);
}

TEST(response_parser, drops_trailers_that_nobody_announced) {
    response_parser parser({}, request_was::other);
    put_all(parser, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n");
    EXPECT_TRUE(parser.complete());
    EXPECT_FALSE(parser.head().find("X-T"));
}

TEST(response_parser, gives_head_and_body) {
    response_parser parser({}, request_was::other);
    const std::string ok = "HTTP/1.1 200 Fine and good\r\nContent-Length: 5\r\n\r\nhello";
    EXPECT_EQ(parser.put(ok).value(), ok.size() - 5);
    EXPECT_EQ(parser.head().status, 200);
    EXPECT_EQ(parser.head().reason_phrase, "Fine and good");
    EXPECT_TRUE(parser.head().keep_alive);
    EXPECT_EQ(parser.put("hello").value(), 5U);
    EXPECT_TRUE(parser.complete());
    EXPECT_TRUE(parser.finish());
}

TEST(response_parser, body_can_be_taken_away_piece_by_piece) {
    response_parser parser({}, request_was::other);
    ASSERT_TRUE(parser.put("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    EXPECT_EQ(parser.put("8\r\nabcd").value(), 7U);
    EXPECT_EQ(std::exchange(parser.body(), {}), "abcd");
    EXPECT_EQ(parser.put("efgh\r\n0\r\n\r\n").value(), 11U);
    EXPECT_EQ(parser.body(), "efgh");
    EXPECT_TRUE(parser.complete());
}

TEST(response_parser, has_no_body_limit) {
    response_parser parser({.body_bytes = 10}, request_was::other);
    put_all(parser, "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + std::string(9000000, 'x'));
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(parser.body().size(), 9000000U);
}

TEST(response_parser, an_answer_to_head_has_no_body) {
    response_parser parser({}, request_was::head);
    put_all(parser, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(parser.head().framing, body_framing::none);
    EXPECT_EQ(parser.head().content_length, 5U);
    EXPECT_TRUE(parser.head().keep_alive);
}

TEST(response_parser, statuses_without_body) {
    for (const auto* raw :
         {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"}) {
        response_parser parser({}, request_was::other);
        put_all(parser, raw);
        EXPECT_TRUE(parser.complete()) << raw;
        EXPECT_EQ(parser.head().framing, body_framing::none) << raw;
    }
}

TEST(response_parser, lasts_until_the_connection_ends) {
    response_parser parser({}, request_was::other);
    put_all(parser, "HTTP/1.1 200 OK\r\n\r\nhello");
    EXPECT_EQ(parser.head().framing, body_framing::until_close);
    EXPECT_FALSE(parser.head().keep_alive);
    EXPECT_FALSE(parser.complete());
    EXPECT_TRUE(parser.finish());
    EXPECT_TRUE(parser.complete());
    EXPECT_EQ(parser.body(), "hello");
}

TEST(response_parser, an_empty_body_until_close) {
    response_parser parser({}, request_was::other);
    put_all(parser, "HTTP/1.0 200 OK\r\n\r\n");
    EXPECT_TRUE(parser.finish());
    EXPECT_TRUE(parser.complete());
}

TEST(response_parser, knows_that_it_was_cut_off) {
    for (const auto* raw : {"", "HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n\r\n",
                            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
        response_parser parser({}, request_was::other);
        put_all(parser, raw);
        EXPECT_FALSE(parser.finish()) << raw;
        EXPECT_FALSE(parser.complete()) << raw;
    }
}

TEST(response_parser, drops_interim_responses) {
    response_parser parser({}, request_was::other);
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    EXPECT_EQ(parser.put(interim + head + "ok").value(), interim.size() + head.size());
    EXPECT_EQ(parser.head().status, 200);
    EXPECT_EQ(parser.head().fields.size(), 1U);
    ASSERT_TRUE(parser.put("ok"));
    EXPECT_EQ(parser.body(), "ok");
}

TEST(response_parser, drops_an_interim_response_before_an_answer_to_head) {
    response_parser parser({}, request_was::head);
    put_all(parser, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    EXPECT_TRUE(parser.complete());
}

TEST(response_parser, refuses_endless_interim_responses) {
    std::string raw;
    for (int i = 0; i < 17; ++i) raw += "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_NE(read_responses({raw}, request_was::other).error_status, 0);
}

TEST(response_parser, accepts_a_status_line_without_the_space_behind_the_code) {
    response_parser parser({}, request_was::other);
    const std::string raw = "HTTP/1.1 204\r\nX-A: 1\r\n\r\n";
    EXPECT_EQ(parser.put(raw).value(), raw.size());
    EXPECT_EQ(parser.head().status, 204);
    EXPECT_EQ(parser.head().reason_phrase, "");
    EXPECT_EQ(parser.head().find("X-A"), "1");
}

TEST(response_parser, reset_takes_the_next_method) {
    response_parser parser({}, request_was::head);
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    put_all(parser, ok);
    ASSERT_TRUE(parser.complete());
    parser.reset(request_was::other);
    put_all(parser, ok);
    EXPECT_FALSE(parser.complete());
    put_all(parser, "ok");
    EXPECT_EQ(parser.body(), "ok");
}

}  // namespace
}  // namespace garde::http
