// What garde says itself: cached answers, the emergency procedure, its own errors; headers and bodies.
#include "garde/proxy/stand_in.hpp"

#include "garde/continuity/classify.hpp"
#include "garde/soap/envelope_scan.hpp"

#include "../support/messages.hpp"
#include "../support/site_settings.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace garde::proxy {
namespace {

std::string body_of(const stand_in& answer) {
    std::string out;
    answer.append_body(out);
    EXPECT_EQ(out.size(), answer.body_bytes());
    return out;
}

using continuity::mode;
using continuity::reason;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

site_ptr made(const config::settings_ptr& from) {
    auto out = site::make(from);
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

/// A site and what a stand-in is made for.
struct standing_in : testing::Test {
    std::shared_ptr<config::settings> settings = test::site_settings();
    site_ptr served = made(settings);
    caller::identity who{"CN=Example CA", "CN=pharmacy", {}};
    cache::hit kept{.body = std::make_shared<const std::string>("<kept/>\r\n  exactly"),
                    .content_type = "text/xml; charset=utf-8",
                    .consulted_at = std::chrono::sys_days{std::chrono::year{2018} / 8 / 9} + 9h + 250ms,
                    .age = 3600s,
                    .ttl = 60s};

    std::vector<failed_attempt> failed;

    /// After an attempt at the first backend that took a second, and one at the second that failed at once.
    [[nodiscard]] stand_in_context context(reason last = reason::timed_out) {
        const steady_time now = std::chrono::steady_clock::now();
        failed = {{continuity::backend_index{0}, now - 1s, now, reason::reset},
                  {continuity::backend_index{1}, now, now, last}};
        return {.served = *served,
                .service = 0,
                .kind = continuity::route_kind::soap,
                .current = mode::degraded,
                .failed = failed,
                .accept_language = "nl",
                .request_body = "<question/>",
                .who = who,
                .cache_detail = {}};
    }
    void with_receipts() {
        settings->receipts = config::receipts_settings{
            .key = test::pki::shared().server().key, .former_keys = {}, .issuer = "garde.test"};
        served = made(settings);
    }

    /// The field's value; nothing when it is not there exactly once.
    static std::optional<std::string> value_of(const stand_in& answer, std::string_view name) {
        std::optional<std::string> out;
        for (const auto& field : answer.fields) {
            if (field.name != name) continue;
            if (out) return std::nullopt;
            out = field.value;
        }
        return out;
    }

    static boost::json::object receipt_of(const stand_in& answer) {
        const auto jws = value_of(answer, "Garde-Receipt");
        if (!jws) return {};
        const std::array<std::filesystem::path, 1> files{test::pki::shared().server().key};
        const auto payload = emergency::verify_receipt(*jws, emergency::receipt_keys::load(files).value());
        if (!payload) throw std::runtime_error(payload.error().message);
        return boost::json::parse(*payload).as_object();
    }
};

std::string text_in(const boost::json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}

// --- cached answers ---

using cached_answers = standing_in;

TEST_F(cached_answers, are_byte_for_byte_what_was_kept) {
    const auto said = cached_answer(context(), kept);
    EXPECT_EQ(said.status, 200);
    EXPECT_EQ(said.body, "<kept/>\r\n  exactly");
    EXPECT_EQ(said.content_type, "text/xml; charset=utf-8");
}

TEST_F(cached_answers, say_in_headers_how_old_they_are) {
    const auto said = cached_answer(context(), kept);
    EXPECT_EQ(value_of(said, "Age"), "3600");
    EXPECT_EQ(value_of(said, "Garde-Consulted-At"), "2018-08-09T09:00:00.250Z");
    EXPECT_EQ(value_of(said, "Cache-Status"), "node-1; hit; ttl=60; detail=stale-if-error");
}

TEST_F(cached_answers, say_that_no_backend_answered) {
    const auto said = cached_answer(context(reason::connect_failed), kept);
    EXPECT_EQ(value_of(said, "Garde-Mode"), "degraded");
    EXPECT_EQ(value_of(said, "Proxy-Status"), "node-1; error=connection_refused");
}

TEST_F(cached_answers, are_degraded_whatever_mode_the_service_is_in_until_the_outage_is_known) {
    for (const mode current : {mode::primary, mode::backup, mode::degraded}) {
        auto at = context();
        at.current = current;
        EXPECT_EQ(value_of(cached_answer(at, kept), "Garde-Mode"), "degraded");
    }
}

TEST_F(cached_answers, carry_a_receipt_where_there_is_a_key) {
    EXPECT_EQ(value_of(cached_answer(context(), kept), "Garde-Receipt"), std::nullopt);
    with_receipts();
    const auto receipt = receipt_of(cached_answer(context(), kept));
    EXPECT_EQ(text_in(receipt, "decision"), "cache");
    EXPECT_EQ(text_in(receipt, "mode"), "degraded");
    EXPECT_FALSE(receipt.contains("procedure")) << "none was handed out";
}

// --- the procedure ---

using procedure_answers = standing_in;

TEST_F(procedure_answers, are_a_soap_fault_that_says_temporarily_not_available) {
    const auto said = procedure_answer(context());
    EXPECT_EQ(said.status, 500);
    EXPECT_EQ(said.content_type, "text/xml; charset=utf-8");
    const auto body = body_of(said);
    const auto scanned = soap::scan(body);
    EXPECT_EQ(scanned.result, soap::scan_result::envelope);
    EXPECT_TRUE(scanned.fault);
    EXPECT_EQ(scanned.fault_code, "SOA-02002");
}

TEST_F(procedure_answers, are_what_another_garde_in_front_would_fail_over_on) {
    const auto said = procedure_answer(context());
    const auto outcome = continuity::classify_response(
        {.route = continuity::route_kind::soap, .status = said.status, .body = soap::scan(body_of(said))});
    EXPECT_EQ(outcome.why, reason::fault_temporary);
}

TEST_F(procedure_answers, are_a_problem_document_on_other_routes) {
    auto at = context();
    at.kind = continuity::route_kind::http;
    const auto said = procedure_answer(at);
    EXPECT_EQ(said.status, 503);
    EXPECT_EQ(said.content_type, "application/problem+json");
    EXPECT_EQ(boost::json::parse(said.body).as_object().at("status"), 503);
}

TEST_F(procedure_answers, tell_when_to_ask_again_and_where_the_procedure_is) {
    settings->services[0].procedure->retry_after = 90s;
    served = made(settings);
    const auto said = procedure_answer(context());
    EXPECT_EQ(value_of(said, "Retry-After"), "90");
    EXPECT_EQ(value_of(said, "Link"), "<https://status.garde.test/procedure/counter?lang=nl>; rel=\"help\"");
    EXPECT_EQ(value_of(said, "Content-Language"), "nl");
    EXPECT_EQ(value_of(said, "Vary"), "Accept-Language");
}

TEST_F(procedure_answers, are_in_the_default_language_when_none_is_asked_for) {
    auto at = context();
    at.accept_language = "";
    EXPECT_EQ(value_of(procedure_answer(at), "Content-Language"), "fr");
    at.accept_language = "de-BE, en;q=0.5";
    EXPECT_EQ(value_of(procedure_answer(at), "Content-Language"), "de");
}

TEST_F(procedure_answers, say_the_mode) {
    for (const auto& [current, said] :
         std::vector<std::pair<mode, std::string>>{{mode::primary, "degraded"},
                                                   {mode::backup, "degraded"},
                                                   {mode::degraded, "degraded"},
                                                   {mode::emergency, "emergency"}}) {
        auto at = context();
        at.current = current;
        EXPECT_EQ(value_of(procedure_answer(at), "Garde-Mode"), said);
    }
}

TEST_F(procedure_answers, tell_why_the_cache_gave_nothing) {
    EXPECT_EQ(value_of(procedure_answer(context()), "Cache-Status"), std::nullopt);
    auto at = context();
    at.cache_detail = "no-entry";
    EXPECT_EQ(value_of(procedure_answer(at), "Cache-Status"), "node-1; fwd=miss; detail=\"no-entry\"");
}

TEST_F(procedure_answers, carry_a_receipt_of_who_asked_what) {
    with_receipts();
    const auto said = procedure_answer(context());
    const auto receipt = receipt_of(said);
    EXPECT_EQ(text_in(receipt, "decision"), "procedure");
    EXPECT_EQ(text_in(receipt, "service"), "counter");
    EXPECT_EQ(text_in(receipt, "procedure"), served->service(0).procedure->version());
    EXPECT_EQ(text_in(receipt, "caller"), "CN=Example CA / CN=pharmacy");
    EXPECT_THAT(body_of(said), HasSubstr(text_in(receipt, "jti"))) << boost::json::serialize(receipt);
}

TEST_F(procedure_answers, carry_a_receipt_of_whom_garde_had_asked) {
    with_receipts();
    const auto receipt = receipt_of(procedure_answer(context()));
    const auto& attempts = receipt.at("attempts").as_array();
    ASSERT_EQ(attempts.size(), 2U);
    const auto& first = attempts[0].as_object();
    EXPECT_EQ(text_in(first, "backend"), served->service(0).settings->backends[0].name);
    EXPECT_EQ(text_in(first, "result"), "reset");
    EXPECT_EQ(first.at("ms"), 1000);
    const auto asked = parse_rfc3339(text_in(first, "at"));
    const auto answered = parse_rfc3339(text_in(receipt, "at"));
    ASSERT_TRUE(asked && answered);
    EXPECT_GE(*answered - *asked, 1s - 1ms) << "by the wall clock, as long before as by the steady one";
    EXPECT_EQ(text_in(attempts[1].as_object(), "result"), "timed-out");
}

TEST_F(procedure_answers, without_an_attempt_say_that_nobody_was_asked) {
    with_receipts();
    auto at = context();
    at.failed = {};
    const auto said = procedure_answer(at);
    EXPECT_TRUE(receipt_of(said).at("attempts").as_array().empty());
    EXPECT_EQ(value_of(said, "Proxy-Status"), "node-1; error=destination_unavailable");
}

TEST_F(procedure_answers, of_an_unknown_caller_say_so) {
    with_receipts();
    who = {};
    EXPECT_EQ(text_in(receipt_of(procedure_answer(context())), "caller"), "unverified");
}

TEST_F(procedure_answers, have_an_identifier_of_their_own) {
    std::set<std::string> bodies;
    for (int i = 0; i < 10; ++i) bodies.insert(body_of(procedure_answer(context())));
    EXPECT_EQ(bodies.size(), 10U);
}

// --- gateway errors ---

using gateway_errors = standing_in;

TEST_F(gateway_errors, are_504_when_time_ran_out_and_502_otherwise) {
    for (int i = 0; i <= static_cast<int>(reason::probe_unexpected); ++i) {
        const auto why = static_cast<reason>(i);
        const bool late = why == reason::timed_out || why == reason::connect_timeout;
        const auto said = gateway_error(context(why));
        EXPECT_EQ(said.status, late ? 504 : 502) << to_text(why);
        EXPECT_EQ(said.content_type, "application/problem+json");
        EXPECT_EQ(boost::json::parse(said.body).as_object().at("status"), said.status);
    }
}

TEST_F(gateway_errors, say_mode_and_reason) {
    auto at = context(reason::tls_failed);
    at.current = mode::backup;
    const auto said = gateway_error(at);
    EXPECT_EQ(value_of(said, "Garde-Mode"), "backup");
    EXPECT_EQ(value_of(said, "Proxy-Status"), "node-1; error=tls_protocol_error");
}

TEST_F(gateway_errors, carry_no_receipt) {
    with_receipts();
    EXPECT_EQ(value_of(gateway_error(context()), "Garde-Receipt"), std::nullopt);
}

// --- small texts ---

TEST(proxy_error, is_a_type_of_the_registry) {
    // RFC 9209, 2.3, those that a proxy without these details may use.
    const std::set<std::string_view> registered{"connection_refused",    "connection_timeout",
                                                "tls_protocol_error",    "connection_terminated",
                                                "http_response_timeout", "http_response_incomplete",
                                                "http_protocol_error",   "destination_unavailable"};
    for (int i = 0; i <= static_cast<int>(reason::probe_unexpected); ++i)
        EXPECT_TRUE(registered.contains(proxy_error(static_cast<reason>(i)))) << i;
}

TEST(relayed_mode, is_that_of_the_backend_that_answered) {
    continuity::service_posture posture;
    EXPECT_EQ(relayed_mode(continuity::backend_index{0}, posture), "primary");
    EXPECT_EQ(relayed_mode(continuity::backend_index{1}, posture), "backup");
    EXPECT_EQ(relayed_mode(continuity::backend_index{2}, posture), "backup");
    posture.pinned = continuity::override_mode::transparent;
    EXPECT_EQ(relayed_mode(continuity::backend_index{0}, posture), "transparent");
}

TEST(own_problem, is_a_whole_response_that_closes_the_connection) {
    const auto bytes = own_problem("node-1", 413, "the body is too large");
    EXPECT_THAT(bytes, StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nContent-Type: application/problem+json\r\n"));
    EXPECT_THAT(bytes, HasSubstr("\r\nProxy-Status: node-1; error=http_request_error\r\n"));
    const auto body = bytes.substr(bytes.find("\r\n\r\n") + 4);
    EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
    EXPECT_EQ(boost::json::parse(body).as_object().at("detail"), "the body is too large");
}

TEST(overload_answer, says_when_to_ask_again_and_not_which_limit_it_was) {
    const stand_in answer = overload_answer(7s);
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.content_type, "application/problem+json");
    ASSERT_EQ(answer.fields.size(), 1U);
    EXPECT_EQ(answer.fields[0].name, "Retry-After");
    EXPECT_EQ(answer.fields[0].value, "7");
    EXPECT_EQ(boost::json::parse(answer.body).at("status"), 503);
    EXPECT_THAT(answer.body, Not(HasSubstr("caller")));
}

}  // namespace
}  // namespace garde::proxy
