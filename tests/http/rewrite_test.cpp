// Rewritten heads, to the byte.
#include "garde/http/rewrite.hpp"

#include "garde/http/parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace garde::http {
namespace {

constexpr std::string_view good_trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view new_trace = "00-11111111111111111111111111111111-2222222222222222-00";
const forwarding how{
    .node = "garde-1", .host = "up.test:8443", .caller_address = "192.0.2.7", .scheme = "https"};

/// The head for the upstream of a request given as text, its body announced as it is.
std::string upstream_head(std::string_view raw, const forwarding& f = how) {
    request_parser parser({});
    const auto n = parser.put(raw);
    if (!n || !parser.head_complete()) return n ? "incomplete" : n.error().what;
    std::string out;
    append_upstream_head(out, parser.head(), f, new_trace, parser.head().content_length);
    return out;
}

std::string response_head_for(std::string_view raw, const response_shape& shape,
                              std::vector<field> extra = {}) {
    response_parser parser({}, request_was::other);
    const auto n = parser.put(raw);
    if (!n || !parser.head_complete()) return n ? "incomplete" : n.error().what;
    std::string out;
    append_response_head(out, parser.head(), "garde-1", shape, extra);
    return out;
}

const std::string forwarded_tail =
    "Via: 1.1 garde-1\r\nX-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7;proto=https\r\n";
const std::string trace_tail = "traceparent: " + std::string(new_trace) + "\r\n";

TEST(upstream_head, keeps_end_to_end_fields_in_order) {
    EXPECT_EQ(
        upstream_head("POST /a?b HTTP/1.1\r\nSOAPAction: \"x\"\r\nHost: caller.test\r\nX-B: 1\r\nx-b: 2\r\n"
                      "Content-Length: 7\r\n\r\n"),
        "POST /a?b HTTP/1.1\r\nHost: up.test:8443\r\nSOAPAction: \"x\"\r\nX-B: 1\r\nx-b: 2\r\n" +
            forwarded_tail + trace_tail + "Content-Length: 7\r\n\r\n");
}

TEST(upstream_head, drops_hop_by_hop_fields) {
    EXPECT_EQ(upstream_head(
                  "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Gone\r\nKeep-Alive: timeout=5\r\n"
                  "Proxy-Connection: keep-alive\r\nTE: trailers\r\nTrailer: X-T\r\nUpgrade: h2c\r\n"
                  "Proxy-Authenticate: Basic\r\nProxy-Authorization: Basic eA==\r\nExpect: 100-continue\r\n"
                  "x-gone: 1\r\nX-Kept: 1\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: up.test:8443\r\nX-Kept: 1\r\n" + forwarded_tail + trace_tail + "\r\n");
}

TEST(upstream_head, regenerates_the_framing_of_a_chunked_body) {
    request_parser parser({});
    ASSERT_TRUE(parser.put("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    std::string out;
    append_upstream_head(out, parser.head(), how, new_trace, 42);
    EXPECT_EQ(out, "POST / HTTP/1.1\r\nHost: up.test:8443\r\n" + forwarded_tail + trace_tail +
                       "Content-Length: 42\r\n\r\n");
}

TEST(upstream_head, an_announced_empty_body_stays_announced) {
    EXPECT_TRUE(upstream_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                    .ends_with("Content-Length: 0\r\n\r\n"));
}

TEST(upstream_head, drops_fields_that_only_garde_may_write) {
    EXPECT_EQ(
        upstream_head(
            "GET / HTTP/1.1\r\nHost: a\r\nGarde-Mode: primary\r\ngarde-x: 1\r\nGarde: kept\r\n\r\n"),
        "GET / HTTP/1.1\r\nHost: up.test:8443\r\nGarde: kept\r\n" + forwarded_tail + trace_tail + "\r\n");
}

TEST(upstream_head, appends_to_the_lists_of_the_proxies_before) {
    EXPECT_EQ(upstream_head(
                  "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.0 p\r\nX-Forwarded-For: 198.51.100.1\r\n"
                  "x-forwarded-for: 198.51.100.2\r\nX-Forwarded-For:\r\nForwarded: for=198.51.100.1\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: up.test:8443\r\nVia: 1.0 p, 1.1 garde-1\r\n"
              "X-Forwarded-For: 198.51.100.1, 198.51.100.2, 192.0.2.7\r\n"
              "Forwarded: for=198.51.100.1, for=192.0.2.7;proto=https\r\n" +
                  trace_tail + "\r\n");
}

TEST(upstream_head, a_list_named_by_connection_begins_anew) {
    EXPECT_EQ(upstream_head("GET / HTTP/1.1\r\nHost: a\r\nConnection: via\r\nVia: 1.0 p\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: up.test:8443\r\n" + forwarded_tail + trace_tail + "\r\n");
}

TEST(upstream_head, ipv6_stands_in_brackets_and_quotes) {
    auto v6 = how;
    v6.caller_address = "2001:db8::7";
    EXPECT_EQ(upstream_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n", v6),
              "GET / HTTP/1.1\r\nHost: up.test:8443\r\nVia: 1.1 garde-1\r\nX-Forwarded-For: 2001:db8::7\r\n"
              "Forwarded: for=\"[2001:db8::7]\";proto=https\r\n" +
                  trace_tail + "\r\n");
}

TEST(upstream_head, speaks_11_for_a_10_caller_and_says_so_in_via) {
    const auto head = upstream_head("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(head.starts_with("GET / HTTP/1.1\r\nHost: up.test:8443\r\nVia: 1.0 garde-1\r\n"));
}

TEST(upstream_head, absolute_form_becomes_origin_form) {
    const auto line = [](std::string_view method, std::string_view target) {
        const auto head = upstream_head(std::string(method) + " " + std::string(target) +
                                        " HTTP/1.1\r\nHost: a.test\r\n\r\n");
        return head.substr(0, head.find("\r\n"));
    };
    EXPECT_EQ(line("GET", "http://a.test/x?y"), "GET /x?y HTTP/1.1");
    EXPECT_EQ(line("GET", "http://a.test"), "GET / HTTP/1.1");
    EXPECT_EQ(line("GET", "http://a.test?y"), "GET /?y HTTP/1.1");
    EXPECT_EQ(line("OPTIONS", "http://a.test"), "OPTIONS * HTTP/1.1");
    EXPECT_EQ(line("OPTIONS", "*"), "OPTIONS * HTTP/1.1");
    EXPECT_EQ(line("GET", "//x/../y"), "GET //x/../y HTTP/1.1");
}

TEST(upstream_head, passes_on_a_valid_trace_with_its_state) {
    EXPECT_EQ(upstream_head("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: " + std::string(good_trace) +
                            "\r\ntracestate: v=1\r\n\r\n"),
              "GET / HTTP/1.1\r\nHost: up.test:8443\r\ntraceparent: " + std::string(good_trace) +
                  "\r\ntracestate: v=1\r\n" + forwarded_tail + "\r\n");
}

TEST(upstream_head, begins_a_new_trace_instead_of_an_invalid_one) {
    const std::string good(good_trace);
    const std::string invalid[] = {
        "",
        "x",
        good.substr(0, 54),
        good + "0",
        good + "-0",
        "ff" + good.substr(2),
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "01" + good.substr(2) + "x",
        good + "\r\ntraceparent: " + good,
    };
    for (const auto& value : invalid) {
        EXPECT_EQ(upstream_head("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: " + value +
                                "\r\ntracestate: v=1\r\n\r\n"),
                  "GET / HTTP/1.1\r\nHost: up.test:8443\r\n" + forwarded_tail + trace_tail + "\r\n")
            << value;
    }
}

TEST(upstream_head, passes_on_a_trace_of_a_later_version) {
    const auto later = "01" + std::string(good_trace).substr(2) + "-more";
    const auto head = upstream_head("GET / HTTP/1.1\r\nHost: a\r\ntraceparent: " + later + "\r\n\r\n");
    EXPECT_NE(head.find("traceparent: " + later + "\r\n"), std::string::npos);
    EXPECT_EQ(head.find(new_trace), std::string::npos);
}

TEST(upstream_head, can_be_read_again_as_the_same_request) {
    request_parser parser({});
    ASSERT_TRUE(
        parser.put(upstream_head("POST /a?b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n")));
    EXPECT_EQ(parser.head().target, "/a?b");
    EXPECT_EQ(parser.head().find("X-A"), "1");
    EXPECT_EQ(parser.head().content_length, 3U);
}

TEST(response_head_text, keeps_status_reason_and_end_to_end_fields) {
    EXPECT_EQ(
        response_head_for("HTTP/1.1 500 Very bad\r\nDate: d\r\nConnection: close, X-Gone\r\nX-Gone: 1\r\n"
                          "Keep-Alive: timeout=1\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nVia: 1.1 far\r\n"
                          "Content-Length: 4\r\n\r\n",
                          {.framing = outgoing_framing::content_length, .content_length = 4}),
        "HTTP/1.1 500 Very bad\r\nDate: d\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nVia: 1.1 far\r\nVia: 1.1 "
        "garde-1\r\n"
        "Content-Length: 4\r\nConnection: keep-alive\r\n\r\n");
}

TEST(response_head_text, says_the_version_that_the_upstream_spoke) {
    EXPECT_EQ(response_head_for("HTTP/1.0 200 OK\r\n\r\n", {.content_length = 0}),
              "HTTP/1.1 200 OK\r\nVia: 1.0 garde-1\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(response_head_text, an_upstream_cannot_speak_for_garde) {
    EXPECT_EQ(
        response_head_for("HTTP/1.1 200 OK\r\nGarde-Receipt: forged\r\ngarde-mode: x\r\nAGE: 9\r\nX-A: 1\r\n"
                          "Content-Length: 1\r\n\r\n",
                          {.content_length = 1}, {{"Garde-Mode", "backup"}, {"Age", "60"}}),
        "HTTP/1.1 200 OK\r\nX-A: 1\r\nVia: 1.1 garde-1\r\nGarde-Mode: backup\r\nAge: 60\r\nContent-Length: "
        "1\r\n"
        "Connection: keep-alive\r\n\r\n");
}

TEST(response_head_text, adds_behind_the_status_lists_of_the_upstream) {
    EXPECT_EQ(
        response_head_for(
            "HTTP/1.1 200 OK\r\nCache-Status: far; hit\r\nProxy-Status: far\r\nContent-Length: 1\r\n\r\n",
            {.content_length = 1}, {{"Cache-Status", "garde-1; fwd=bypass"}, {"Proxy-Status", "garde-1"}}),
        "HTTP/1.1 200 OK\r\nCache-Status: far; hit\r\nProxy-Status: far\r\nVia: 1.1 garde-1\r\n"
        "Cache-Status: garde-1; fwd=bypass\r\nProxy-Status: garde-1\r\nContent-Length: 1\r\n"
        "Connection: keep-alive\r\n\r\n");
}

TEST(response_head_text, no_value_of_ours_ends_its_line) {
    const auto head = response_head_for("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", {.content_length = 1},
                                        {{"Garde-Mode", "a\r\nX-Evil: 1"}});
    EXPECT_NE(head.find("Garde-Mode: a  X-Evil: 1\r\n"), std::string::npos);
}

std::string own_head(int status, const response_shape& shape, std::vector<owned_field> extra = {}) {
    std::string out;
    append_own_head(out, status, "Thu, 09 Aug 2018 09:00:00 GMT", shape, extra);
    return out;
}

const std::string date_line = "Date: Thu, 09 Aug 2018 09:00:00 GMT\r\n";

TEST(own_head, is_complete) {
    EXPECT_EQ(own_head(503, {.content_length = 12, .keep_alive = false}, {{"Retry-After", "30"}}),
              "HTTP/1.1 503 Service Unavailable\r\n" + date_line +
                  "Retry-After: 30\r\nContent-Length: 12\r\nConnection: close\r\n\r\n");
}

TEST(own_head, chunked) {
    EXPECT_EQ(
        own_head(200, {.framing = outgoing_framing::chunked}),
        "HTTP/1.1 200 OK\r\n" + date_line + "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n");
}

TEST(own_head, until_close_closes_whatever_is_said) {
    EXPECT_EQ(own_head(200, {.framing = outgoing_framing::until_close, .keep_alive = true}),
              "HTTP/1.1 200 OK\r\n" + date_line + "Connection: close\r\n\r\n");
}

TEST(own_head, an_answer_to_head_promises_a_length) {
    EXPECT_EQ(own_head(200, {.framing = outgoing_framing::no_body, .content_length = 9}),
              "HTTP/1.1 200 OK\r\n" + date_line + "Content-Length: 9\r\nConnection: keep-alive\r\n\r\n");
}

TEST(own_head, no_content_has_no_length) {
    EXPECT_EQ(own_head(204, {.framing = outgoing_framing::no_body, .content_length = 9}),
              "HTTP/1.1 204 No Content\r\n" + date_line + "Connection: keep-alive\r\n\r\n");
}

TEST(own_head, continue_has_neither_framing_nor_connection) {
    EXPECT_EQ(own_head(100, {.framing = outgoing_framing::no_body}),
              "HTTP/1.1 100 Continue\r\n" + date_line + "\r\n");
}

TEST(chunk, has_its_size_in_hex) {
    std::string out = ">";
    append_chunk(out, std::string(26, 'x'));
    EXPECT_EQ(out, ">1a\r\n" + std::string(26, 'x') + "\r\n");
}

TEST(chunk, an_empty_one_is_the_end) {
    std::string out;
    append_chunk(out, "");
    EXPECT_EQ(out, "0\r\n\r\n");
}

}  // namespace
}  // namespace garde::http
