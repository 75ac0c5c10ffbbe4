// Probes: what passes and why not.
#include "garde/upstream/probe.hpp"

#include "tiny_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace garde::upstream {
namespace {

using config::probe_type;
using continuity::reason;
using test::in;
using test::run;
using testing::ElementsAre;
using testing::MatchesRegex;
using namespace std::chrono_literals;
using namespace testing_support;

config::probe_settings of_type(probe_type type) {
    config::probe_settings out;
    out.type = type;
    out.path = "/alive";
    return out;
}

config::probe_settings soap_probe() {
    config::probe_settings out = of_type(probe_type::soap);
    out.body = "<ping/>";
    out.soap_action = "urn:ping";
    out.expect_element = "Pong";
    return out;
}

config::probe_settings soap_fault_probe() {
    config::probe_settings out = soap_probe();
    out.expect_element.clear();
    out.expect_fault = "SOA-03001";
    return out;
}

reason probed(const config::probe_settings& how, const tiny_server::script& script, milliseconds time = 5s) {
    net::event_loop loop;
    tiny_server server(loop, script);
    const target to = to_plain({server.address()});
    return run(loop, probe(loop, to, how, in(time)));
}

std::string envelope(std::string_view body) {
    return R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>)" + std::string(body) +
           "</s:Body></s:Envelope>";
}

std::string fault(std::string_view code) {
    return envelope(
        R"(<s:Fault><faultcode>s:Client</faultcode><faultstring>x</faultstring><detail>)"
        R"(<e:BusinessError xmlns:e="urn:be:fgov:ehealth:errors:soa:v1" Id="1"><Origin>Consumer</Origin><Code>)" +
        std::string(code) +
        R"(</Code><Message xml:lang="en">x</Message><e:Environment>Test</e:Environment></e:BusinessError>)"
        "</detail></s:Fault>");
}

std::string response(int status, std::string_view body) {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

// --- tcp ---

TEST(probe_tcp, passes_when_the_connection_is_made) {
    EXPECT_EQ(probed(of_type(probe_type::tcp), say_and_close("")), reason::none);
}

TEST(probe_tcp, does_not_shake_hands_with_a_backend_that_has_tls) {
    net::event_loop loop;
    std::optional<net::io_result> got;
    tiny_server server(loop, [&got](visitor& with, int) -> net::task<> {
        std::string into(100, '\0');
        got = co_await with.stream().read_some(into);
    });
    const auto how = of_type(probe_type::tcp);
    const target to = to_tls({server.address()});
    EXPECT_EQ(run(loop, probe(loop, to, how, in(5s))), reason::none);
    test::run_until(loop, [&] { return got.has_value(); });
    EXPECT_EQ(got->bytes, 0U);
}

// --- tls ---

TEST(probe_tls, includes_the_handshake) {
    net::event_loop loop;
    tiny_server server(loop, say_and_close(""), server_tls());
    const auto how = of_type(probe_type::tls);
    const target good = to_tls({server.address()});
    EXPECT_EQ(run(loop, probe(loop, good, how, in(5s))), reason::none);
    target wrong = good;
    wrong.server_name = "other.garde.test";
    EXPECT_EQ(run(loop, probe(loop, wrong, how, in(5s))), reason::tls_failed);
}

TEST(probe_tcp, fails_when_nobody_is_there) {
    net::event_loop loop;
    const target to = to_plain({test::closed_port()});
    for (const auto type : {probe_type::tcp, probe_type::tls, probe_type::http, probe_type::soap}) {
        const auto how = of_type(type);
        EXPECT_EQ(run(loop, probe(loop, to, how, in(5s))), reason::connect_failed);
    }
}

// --- http ---

TEST(probe_http, asks_for_the_path_and_says_who_it_is) {
    std::string asked;
    probed(of_type(probe_type::http), [&](visitor& with, int) -> net::task<> {
        std::string into(1000, '\0');
        const auto got = co_await with.stream().read_some(into);
        asked = into.substr(0, got.bytes);
        co_await with.say("HTTP/1.1 204 No Content\r\n\r\n");
    });
    EXPECT_EQ(asked,
              "GET /alive HTTP/1.1\r\nHost: backend.garde.test\r\nUser-Agent: garde-probe\r\nConnection: "
              "close\r\n\r\n");
}

TEST(probe_http, passes_with_a_status_below_400) {
    for (const int status : {200, 204, 301, 399})
        EXPECT_EQ(probed(of_type(probe_type::http), say_and_close(response(status, ""))), reason::none)
            << status;
}

TEST(probe_http, fails_with_a_status_from_400) {
    for (const int status : {400, 404, 500, 503})
        EXPECT_EQ(probed(of_type(probe_type::http), say_and_close(response(status, ""))), reason::http_error)
            << status;
}

TEST(probe_http, does_not_mind_a_large_page) {
    EXPECT_EQ(probed(of_type(probe_type::http), say_and_close(response(200, std::string(1'000'000, 'x')))),
              reason::none);
    EXPECT_EQ(probed(of_type(probe_type::http), say_and_close(response(500, std::string(1'000'000, 'x')))),
              reason::http_error);
}

TEST(probe_http, fails_with_what_went_wrong) {
    const auto how = of_type(probe_type::http);
    EXPECT_EQ(probed(how, say_and_close("")), reason::reset);
    EXPECT_EQ(probed(how, say_and_close("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")),
              reason::truncated);
    EXPECT_EQ(probed(how, say_and_close("nonsense\r\n\r\n")), reason::bad_response);
    EXPECT_EQ(probed(how, say_and_wait(""), 20ms), reason::timed_out);
}

// --- soap ---

TEST(probe_soap, posts_the_body_with_its_action) {
    std::string asked;
    probed(soap_probe(), [&](visitor& with, int) -> net::task<> {
        std::string into(1000, '\0');
        const auto got = co_await with.stream().read_some(into);
        asked = into.substr(0, got.bytes);
    });
    EXPECT_EQ(asked,
              "POST /alive HTTP/1.1\r\nHost: backend.garde.test\r\nUser-Agent: garde-probe\r\n"
              "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"urn:ping\"\r\nContent-Length: 7\r\n"
              "Connection: close\r\n\r\n<ping/>");
}

TEST(probe_soap, fills_its_message_anew_each_time) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen));
    const target to = to_plain({server.address()});
    auto how = soap_probe();
    how.body = "<ping id='{uuid}' at='{timestamp}' on='{date}'/>";
    const auto before = to_rfc3339(wall_now());
    for (int i = 0; i < 2; ++i) run(loop, probe(loop, to, how, in(5s)));
    const auto after = to_rfc3339(wall_now());
    ASSERT_EQ(seen.size(), 2U);
    EXPECT_NE(seen[0], seen[1]);
    for (const auto& one : seen) {
        EXPECT_THAT(
            one, MatchesRegex("POST /alive <ping id='[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-"
                              "[0-9a-f]{12}' at='[0-9TZ:.-]{24}' on='[0-9-]{10}'/>"));
        const auto at = one.substr(one.find(" at='") + 5, 24);
        EXPECT_GE(at, before);
        EXPECT_LE(at, after);
        EXPECT_EQ(one.substr(one.find(" on='") + 5, 10), at.substr(0, 10));
    }
}

TEST(probe_soap, passes_when_the_xpath_selects_something) {
    auto how = soap_probe();
    how.expect_element.clear();
    how.expect_xpath = "//Pong[@state='good']";
    EXPECT_EQ(probed(how, say_and_close(response(200, envelope("<Pong state='good'/>")))), reason::none);
    EXPECT_EQ(probed(how, say_and_close(response(200, envelope("<Pong state='bad'/>")))),
              reason::probe_unexpected);
    EXPECT_EQ(probed(how, say_and_close(response(404, envelope("<Pong state='good'/>")))),
              reason::probe_unexpected);
    EXPECT_EQ(probed(how, say_and_close(response(500, fault("SOA-02001")))), reason::fault_unavailable);
}

TEST(probe_soap, passes_with_the_expected_element) {
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(200, envelope("<a><Pong/></a>")))), reason::none);
}

TEST(probe_soap, another_element_is_unexpected) {
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(200, envelope("<Ping/>")))),
              reason::probe_unexpected);
}

TEST(probe_soap, the_expected_element_under_another_status_is_unexpected) {
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(404, envelope("<Pong/>")))),
              reason::probe_unexpected);
}

TEST(probe_soap, a_fault_that_is_an_answer_is_unexpected) {
    for (const auto* code : {"SOA-01001", "SOA-03001"})
        EXPECT_EQ(probed(soap_probe(), say_and_close(response(500, fault(code)))), reason::probe_unexpected)
            << code;
}

TEST(probe_soap, a_failure_of_the_backend_is_told_as_such) {
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(500, fault("SOA-02001")))),
              reason::fault_unavailable);
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(500, fault("SOA-02002")))),
              reason::fault_temporary);
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(500, fault("SOA-00001")))),
              reason::fault_undefined);
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(503, "busy"))), reason::http_unavailable);
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(200, ""))), reason::empty);
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(200, "<html/>"))), reason::not_xml);
}

TEST(probe_soap, an_answer_over_the_limit_is_unexpected) {
    EXPECT_EQ(probed(soap_probe(), say_and_close(response(200, std::string(1'000'000, 'x')))),
              reason::probe_unexpected);
}

TEST(probe_soap, an_expected_fault_passes_whatever_status_carries_it) {
    for (const int status : {500, 200})
        EXPECT_EQ(probed(soap_fault_probe(), say_and_close(response(status, fault("SOA-03001")))),
                  reason::none)
            << status;
}

TEST(probe_soap, where_a_fault_is_expected_anything_else_is_unexpected) {
    EXPECT_EQ(probed(soap_fault_probe(), say_and_close(response(500, fault("SOA-03002")))),
              reason::probe_unexpected);
    EXPECT_EQ(probed(soap_fault_probe(), say_and_close(response(200, envelope("<Pong/>")))),
              reason::probe_unexpected);
    EXPECT_EQ(probed(soap_fault_probe(), say_and_close(response(503, "busy"))), reason::probe_unexpected);
}

TEST(probe, does_not_leave_its_connection_open) {
    net::event_loop loop;
    std::vector<std::string> seen;
    tiny_server server(loop, echo(seen));
    const target to = to_plain({server.address()});
    for (const auto type : {probe_type::tcp, probe_type::tls, probe_type::http}) {
        const auto how = of_type(type);
        EXPECT_EQ(run(loop, probe(loop, to, how, in(5s))), reason::none);
    }
    test::run_until(loop, [&] { return server.over() == 3; });
    EXPECT_THAT(seen, ElementsAre("GET /alive "));
}

}  // namespace
}  // namespace garde::upstream
