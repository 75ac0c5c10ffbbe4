// What an attempt's result counts as: one test per row of the table of fault codes, in a 500 and in a 200,
// and one per other rule.
#include "garde/continuity/classify.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <string>
#include <string_view>

namespace garde::continuity {

void PrintTo(const outcome& value, std::ostream* out) {
    *out << to_text(value.kind) << " (" << to_text(value.why) << ")";
}

namespace {

constexpr outcome answered{outcome_kind::answered, reason::none};
constexpr outcome refused{outcome_kind::answered, reason::refused};
constexpr outcome answered_unclassified{outcome_kind::answered, reason::unclassified};
constexpr outcome inconclusive_unclassified{outcome_kind::inconclusive, reason::unclassified};
constexpr std::array every_history{history::fresh, history::failed_unsent, history::maybe_processed,
                                   history::beside_first, history::overtaken};

constexpr outcome possible_replay{outcome_kind::inconclusive, reason::possible_replay};

outcome failed(reason why) {
    return {outcome_kind::failed, why};
}

std::string envelope(std::string_view body) {
    return std::string(R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>)")
        .append(body)
        .append("</s:Body></s:Envelope>");
}

std::string good_answer() {
    return envelope(
        R"(<p:GetInsurabilityForPharmacistResponse xmlns:p="urn:be:fgov:ehealth:insurability:protocol:v2"/>)");
}

std::string fault(std::string_view code) {
    return envelope(std::string("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring><detail>"
                                R"(<e:SystemError xmlns:e="urn:be:fgov:ehealth:errors:soa:v1" Id="1">)"
                                "<Origin>Server</Origin><Code>")
                        .append(code)
                        .append(R"(</Code><Message xml:lang="en">x</Message>)"
                                "<e:Environment>Test</e:Environment></e:SystemError></detail></s:Fault>"));
}

std::string fault_without_code() {
    return envelope("<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring></s:Fault>");
}

response_facts soap_response(int status, std::string_view body, history before = history::fresh) {
    return {.route = route_kind::soap,
            .status = status,
            .body = soap::scan(body),
            .before = before,
            .replays = replay_detection::on};
}

outcome classify_soap(int status, const std::string& body, history before = history::fresh) {
    return classify_response(soap_response(status, body, before));
}

outcome classify_without_replay_detection(int status, const std::string& body) {
    response_facts facts = soap_response(status, body, history::maybe_processed);
    facts.replays = replay_detection::off;
    return classify_response(facts);
}

/// A 500 may be the request's own fault; the others say that the backend is not available.
reason of_status(int status) {
    return status == 500 ? reason::http_error : reason::http_unavailable;
}

outcome classify_http(int status, history before = history::fresh) {
    return classify_response({.route = route_kind::http, .status = status, .body = {}, .before = before});
}

// --- the table of fault codes ---

/// A row: the code, what it counts as, and whether it could be the refusal of a second copy.
void expect_failure_of_the_backend(const char* code, reason why) {
    for (const int status : {500, 200}) {
        for (const history before : every_history)
            EXPECT_EQ(classify_soap(status, fault(code), before), failed(why)) << status;
        EXPECT_EQ(classify_without_replay_detection(status, fault(code)), failed(why)) << status;
    }
}

void expect_unless_replayed(const outcome& wanted, const char* code) {
    for (const int status : {500, 200}) {
        EXPECT_EQ(classify_soap(status, fault(code)), wanted) << status;
        EXPECT_EQ(classify_soap(status, fault(code), history::failed_unsent), wanted) << status;
        for (const history before : {history::maybe_processed, history::beside_first, history::overtaken})
            EXPECT_EQ(classify_soap(status, fault(code), before), possible_replay) << status;
        EXPECT_EQ(classify_without_replay_detection(status, fault(code)), wanted) << status;
    }
}

void expect_an_answer_unless_replayed(const char* code) {
    expect_unless_replayed(answered, code);
}

/// The caller is told, but a wave of them is an outage.
void expect_a_refusal_unless_replayed(const char* code) {
    expect_unless_replayed(refused, code);
}

TEST(classify_fault_table, soa_00001_undefined_is_the_backends_failure) {
    expect_failure_of_the_backend("SOA-00001", reason::fault_undefined);
}

TEST(classify_fault_table, soa_01001_not_authenticated_is_a_refusal) {
    expect_a_refusal_unless_replayed("SOA-01001");
}

TEST(classify_fault_table, soa_01002_not_authorised_is_a_refusal) {
    expect_a_refusal_unless_replayed("SOA-01002");
}

TEST(classify_fault_table, soa_02001_not_available_is_the_backends_failure) {
    expect_failure_of_the_backend("SOA-02001", reason::fault_unavailable);
}

TEST(classify_fault_table, soa_02002_temporarily_not_available_is_the_backends_failure) {
    expect_failure_of_the_backend("SOA-02002", reason::fault_temporary);
}

TEST(classify_fault_table, soa_03001_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03001");
}
TEST(classify_fault_table, soa_03002_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03002");
}
TEST(classify_fault_table, soa_03003_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03003");
}
TEST(classify_fault_table, soa_03004_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03004");
}
TEST(classify_fault_table, soa_03005_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03005");
}
TEST(classify_fault_table, soa_03006_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03006");
}
TEST(classify_fault_table, soa_03007_invalid_is_an_answer) {
    expect_an_answer_unless_replayed("SOA-03007");
}

// --- faults that the table does not have ---

TEST(classify, a_fault_of_an_unknown_code_is_relayed_but_proves_nothing) {
    for (const int status : {500, 200}) {
        EXPECT_EQ(classify_soap(status, fault("SOA-04711")), answered_unclassified) << status;
        EXPECT_EQ(classify_soap(status, fault("IPS-90001")), answered_unclassified) << status;
        EXPECT_EQ(classify_soap(status, fault("SOA-04711"), history::maybe_processed),
                  inconclusive_unclassified)
            << status;
    }
}

TEST(classify, a_fault_without_a_code_is_relayed_but_proves_nothing) {
    EXPECT_EQ(classify_soap(500, fault_without_code()), answered_unclassified);
    EXPECT_EQ(classify_soap(500, fault_without_code(), history::failed_unsent), inconclusive_unclassified);
}

TEST(classify, codes_are_compared_whole_where_the_table_names_them) {
    EXPECT_EQ(classify_soap(500, fault("SOA-020010")), answered_unclassified);
    EXPECT_EQ(classify_soap(500, fault("soa-02001")), answered_unclassified);
}

// --- answers without a fault ---

TEST(classify, a_complete_envelope_in_a_200_is_an_answer_whatever_went_before) {
    for (const history before : every_history) EXPECT_EQ(classify_soap(200, good_answer(), before), answered);
}

TEST(classify, a_200_without_a_body_is_the_backends_failure) {
    EXPECT_EQ(classify_soap(200, ""), failed(reason::empty));
    EXPECT_EQ(classify_soap(200, " \r\n\t"), failed(reason::empty));
}

TEST(classify, a_200_that_is_no_envelope_is_the_backends_failure) {
    EXPECT_EQ(classify_soap(200, "<html><body>Maintenance</body></html>"), failed(reason::not_xml));
    EXPECT_EQ(classify_soap(200, "scheduled maintenance"), failed(reason::not_xml));
}

TEST(classify, a_200_with_a_cut_off_envelope_is_the_backends_failure) {
    const std::string whole = good_answer();
    EXPECT_EQ(classify_soap(200, whole.substr(0, whole.size() - 1)), failed(reason::not_xml));
}

TEST(classify, server_errors_without_a_fault_are_the_backends_failure) {
    for (const int status : {500, 502, 503, 504}) {
        const outcome wanted = failed(of_status(status));
        EXPECT_EQ(classify_soap(status, ""), wanted) << status;
        EXPECT_EQ(classify_soap(status, "<html/>"), wanted) << status;
        EXPECT_EQ(classify_soap(status, good_answer()), wanted) << status;
    }
}

TEST(classify, a_fault_says_more_than_the_status_that_carries_it) {
    EXPECT_EQ(classify_soap(503, fault("SOA-01001")), refused);
    EXPECT_EQ(classify_soap(503, fault("SOA-03001")), answered);
    EXPECT_EQ(classify_soap(404, fault("SOA-02001")), failed(reason::fault_unavailable));
}

TEST(classify, other_statuses_are_relayed_the_first_time) {
    for (const int status : {202, 204, 302, 400, 401, 403, 404, 405, 413, 429, 501, 505})
        EXPECT_EQ(classify_soap(status, "<html/>"), answered_unclassified) << status;
}

TEST(classify, a_not_found_behind_a_failure_does_not_hide_it) {
    EXPECT_EQ(classify_soap(404, "<html/>", history::failed_unsent), inconclusive_unclassified);
    EXPECT_EQ(classify_soap(404, "<html/>", history::maybe_processed), inconclusive_unclassified);
}

// --- two copies at once ---

TEST(classify, a_not_found_of_the_second_copy_does_not_hide_what_the_first_may_bring) {
    EXPECT_EQ(classify_soap(404, "<html/>", history::beside_first), inconclusive_unclassified);
    for (const int status : {400, 401, 403, 404, 410, 429, 501})
        EXPECT_EQ(classify_http(status, history::beside_first), inconclusive_unclassified) << status;
    for (const int status : {200, 204, 301, 304})
        EXPECT_EQ(classify_http(status, history::beside_first), answered) << status;
}

TEST(classify, a_not_found_of_the_first_copy_is_relayed_as_ever) {
    EXPECT_EQ(classify_soap(404, "<html/>", history::overtaken), answered_unclassified);
    EXPECT_EQ(classify_http(404, history::overtaken), answered);
}

TEST(classify, the_first_copy_may_be_refused_because_the_second_was_seen_before_it) {
    EXPECT_EQ(beside_second(std::nullopt), history::overtaken);
    EXPECT_EQ(beside_second(answered), history::overtaken);
    EXPECT_EQ(beside_second(inconclusive_unclassified), history::overtaken);
    EXPECT_EQ(beside_second(failed(reason::timed_out)), history::overtaken);
    EXPECT_EQ(beside_second(failed(reason::connect_failed)), history::fresh) << "nobody has seen the second";
}

TEST(classify, where_both_copies_are_refused_it_is_the_truth) {
    EXPECT_EQ(beside_second(possible_replay), history::fresh);
}

TEST(classify, the_second_copy_stands_behind_what_became_of_the_first) {
    EXPECT_EQ(behind_first(std::nullopt), history::beside_first);
    EXPECT_EQ(behind_first(reason::none), history::maybe_processed);
    EXPECT_EQ(behind_first(reason::timed_out), history::maybe_processed);
    EXPECT_EQ(behind_first(reason::connect_timeout), history::failed_unsent);
}

// --- HTTP routes ---

TEST(classify, http_routes_go_by_the_status) {
    for (const int status : {200, 204, 301, 304, 400, 401, 404, 410, 501})
        EXPECT_EQ(classify_http(status), answered) << status;
    for (const int status : {500, 502, 503, 504})
        EXPECT_EQ(classify_http(status), failed(of_status(status))) << status;
}

TEST(classify, http_routes_do_not_look_at_the_body) {
    response_facts facts = soap_response(200, fault("SOA-02001"));
    facts.route = route_kind::http;
    EXPECT_EQ(classify_response(facts), answered);
}

// --- large answers ---

TEST(classify, a_large_answer_goes_by_its_status) {
    EXPECT_EQ(classify_large_response(route_kind::soap, 200), answered_unclassified);
    EXPECT_EQ(classify_large_response(route_kind::http, 200), answered);
    for (const auto route : {route_kind::soap, route_kind::http})
        for (const int status : {500, 502, 503, 504})
            EXPECT_EQ(classify_large_response(route, status), failed(of_status(status))) << status;
}

// --- attempts without an answer ---

TEST(classify, an_attempt_without_an_answer_failed) {
    for (int i = 1; i <= static_cast<int>(reason::probe_unexpected); ++i)
        EXPECT_EQ(classify_transport(static_cast<reason>(i)), failed(static_cast<reason>(i)));
}

TEST(classify, only_failures_to_connect_prove_that_nothing_was_processed) {
    for (int i = 0; i <= static_cast<int>(reason::probe_unexpected); ++i) {
        const auto why = static_cast<reason>(i);
        const bool before_sending =
            why == reason::connect_failed || why == reason::connect_timeout || why == reason::tls_failed;
        EXPECT_EQ(may_have_been_processed(why), !before_sending) << to_text(why);
    }
}

TEST(classify, what_a_poisonous_request_could_do_to_any_backend_may_be_its_fault) {
    for (const auto why : {reason::reset, reason::timed_out, reason::truncated, reason::bad_response,
                           reason::http_error, reason::empty, reason::not_xml, reason::fault_undefined})
        EXPECT_TRUE(may_be_the_requests_fault(why)) << to_text(why);
    for (const auto why : {reason::connect_failed, reason::connect_timeout, reason::tls_failed,
                           reason::http_unavailable, reason::fault_unavailable, reason::fault_temporary,
                           reason::possible_replay, reason::unclassified, reason::refused, reason::none})
        EXPECT_FALSE(may_be_the_requests_fault(why)) << to_text(why);
}

TEST(classify, a_backends_own_words_are_more_than_unavailability) {
    EXPECT_FALSE(is_unavailability(reason::fault_undefined));
    EXPECT_FALSE(is_unavailability(reason::unclassified));
    for (const auto why : {reason::connect_failed, reason::timed_out, reason::truncated, reason::http_error,
                           reason::http_unavailable, reason::empty, reason::not_xml,
                           reason::fault_unavailable, reason::fault_temporary, reason::possible_replay})
        EXPECT_TRUE(is_unavailability(why)) << to_text(why);
}

}  // namespace
}  // namespace garde::continuity
