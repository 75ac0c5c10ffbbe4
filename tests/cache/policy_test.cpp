// One test for each reason not to keep an answer, and for each reason not to serve it.
#include "garde/cache/policy.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string_view>
#include <utility>

namespace garde::cache {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::chrono::sys_days day(int y, unsigned m, unsigned d) {
    return std::chrono::year{y} / std::chrono::month{m} / std::chrono::day{d};
}

/// A question of a pharmacist by national number, and an answer that may be kept.
struct judging : testing::Test {
    soap::consult_request request{.payload_name = std::string(soap::pharmacist_question),
                                  .is_test = false,
                                  .provider_quality = "pharmacy-holder",
                                  .provider_nihii = "00000000101",
                                  .organization_nihii = "",
                                  .care_receiver = {secret_string("00000000101"), "", {}},
                                  .request_type = "0",
                                  .date = day(2018, 8, 9),
                                  .last_date = day(2018, 8, 9)};
    soap::consult_reply reply{
        .payload_name = std::string(soap::pharmacist_answer),
        .fault = false,
        .status_code = "200",
        .return_code = "00/00/00000",
        .multiple_io = false,
        .message_fault = false,
        .deceased = false,
        .bound_to_request = false,
        .care_receiver = soap::patient{secret_string("00000000101"), "100", secret_string("0000000000001")},
        .communicated = day(2018, 8, 1),
        .period_begin = day(2018, 1, 1),
        .period_end = day(2018, 12, 31),
        .is_test = std::nullopt,
        .entitlement = {}};
    config::cache_settings rules;

    [[nodiscard]] std::string_view verdict() const { return to_text(judge(request, reply, rules)); }

    void make_generic() {
        request.payload_name = soap::generic_question;
        reply.payload_name = soap::generic_answer;
        reply.return_code.reset();
        reply.is_test = false;
    }
};

TEST_F(judging, a_good_answer_is_kept) {
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, a_good_answer_of_the_generic_service_is_kept) {
    make_generic();
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, a_fault_is_not) {
    reply.fault = true;
    EXPECT_EQ(verdict(), "fault");
}

TEST_F(judging, a_message_fault_is_not) {
    make_generic();
    reply.message_fault = true;
    EXPECT_EQ(verdict(), "message-fault");
}

TEST_F(judging, several_insurers_are_not) {
    reply.multiple_io = true;
    EXPECT_EQ(verdict(), "multiple-io");
}

TEST_F(judging, an_unknown_status_is_not) {
    reply.status_code = "201";
    EXPECT_EQ(verdict(), "status-code");
    rules.success_status.push_back("201");
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, an_absent_status_is_not) {
    reply.status_code = "";
    EXPECT_EQ(verdict(), "status-code");
    make_generic();
    EXPECT_EQ(verdict(), "status-code");
}

TEST_F(judging, without_configured_success_nothing_is) {
    rules.success_status.clear();
    EXPECT_EQ(verdict(), "status-code");
}

TEST_F(judging, an_unknown_return_code_is_not) {
    reply.return_code = "00/00/00001";
    EXPECT_EQ(verdict(), "return-code");
    rules.success_return.push_back("00/00/00001");
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, an_absent_return_code_is_good_only_where_the_schema_has_none) {
    reply.return_code.reset();
    EXPECT_EQ(verdict(), "return-code");
    make_generic();
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, the_deceased_are_not) {
    reply.deceased = true;
    EXPECT_EQ(verdict(), "deceased");
}

TEST_F(judging, without_coverage_it_is_not) {
    reply.communicated.reset();
    EXPECT_EQ(verdict(), "no-coverage");
    reply.communicated = day(2018, 8, 1);
    reply.period_begin.reset();
    EXPECT_EQ(verdict(), "no-coverage");
    reply.period_begin = day(2018, 1, 1);
    reply.period_end.reset();
    EXPECT_EQ(verdict(), "no-coverage");
}

TEST_F(judging, another_national_number_is_not) {
    reply.care_receiver->ssin = secret_string("00000000102");
    EXPECT_EQ(verdict(), "other-patient");
}

TEST_F(judging, another_registration_is_not) {
    request.care_receiver = {{}, "100", secret_string("0000000000001")};
    EXPECT_EQ(verdict(), "none");
    reply.care_receiver->registration = secret_string("0000000000002");
    EXPECT_EQ(verdict(), "other-patient");
    reply.care_receiver->registration = secret_string("0000000000001");
    reply.care_receiver->mutuality = "200";
    EXPECT_EQ(verdict(), "other-patient");
}

TEST_F(judging, every_identifier_asked_for_must_come_back_the_same) {
    request.care_receiver = {secret_string("00000000101"), "100", secret_string("0000000000001")};
    EXPECT_EQ(verdict(), "none");
    reply.care_receiver->registration = secret_string("0000000000002");
    EXPECT_EQ(verdict(), "other-patient");
}

TEST_F(judging, an_answer_without_the_identifier_asked_for_is_not) {
    reply.care_receiver->ssin = {};
    EXPECT_EQ(verdict(), "other-patient");
    reply.care_receiver.reset();
    EXPECT_EQ(verdict(), "other-patient");
}

TEST_F(judging, the_wrong_environment_is_not) {
    reply.is_test = true;
    EXPECT_EQ(verdict(), "wrong-environment");
    request.is_test = true;
    EXPECT_EQ(verdict(), "none");
    reply.is_test = false;
    EXPECT_EQ(verdict(), "wrong-environment");
}

TEST_F(judging, an_environment_counts_only_where_the_answer_names_it) {
    request.is_test = true;
    EXPECT_EQ(verdict(), "none");
}

TEST_F(judging, an_answer_bound_to_its_request_is_not) {
    reply.bound_to_request = true;
    EXPECT_EQ(verdict(), "bound-to-request");
}

TEST_F(judging, the_answer_of_another_service_is_not) {
    reply.payload_name = soap::generic_answer;
    EXPECT_EQ(verdict(), "unreadable");
    reply.payload_name = soap::pharmacist_answer;
    request.payload_name = soap::generic_question;
    EXPECT_EQ(verdict(), "unreadable");
    request.payload_name = "{urn:x}Other";
    EXPECT_EQ(verdict(), "unreadable");
}

TEST_F(judging, a_fault_or_another_environment_goes_before_what_the_answer_says) {
    reply.deceased = true;
    reply.is_test = true;
    EXPECT_EQ(verdict(), "wrong-environment");
    reply.fault = true;
    EXPECT_EQ(verdict(), "fault");
}

TEST_F(judging, an_answer_alone_is_judged_without_its_patient) {
    reply.care_receiver.reset();
    EXPECT_EQ(judge_reply(reply, rules), refusal::none);
    reply.deceased = true;
    EXPECT_EQ(judge_reply(reply, rules), refusal::deceased);
}

// --- removes_older
// -----------------------------------------------------------------------------------------------------------

TEST(removes_older, the_insurers_newer_word_does) {
    for (const auto why : {refusal::deceased, refusal::no_coverage, refusal::status_code,
                           refusal::return_code, refusal::message_fault, refusal::multiple_io,
                           refusal::other_patient, refusal::bound_to_request, refusal::too_large})
        EXPECT_TRUE(removes_older(why)) << to_text(why);
}

TEST(removes_older, what_says_nothing_about_the_patient_does_not) {
    for (const auto why : {refusal::none, refusal::fault, refusal::http_status, refusal::unreadable,
                           refusal::wrong_environment, refusal::older_communicated,
                           refusal::request_unreadable, refusal::caller_unverified, refusal::repeated})
        EXPECT_FALSE(removes_older(why)) << to_text(why);
}

TEST(refusal_text, every_refusal_has_its_own_name) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(refusal::repeated); ++i)
        names.insert(to_text(static_cast<refusal>(i)));
    EXPECT_EQ(names.size(), static_cast<std::size_t>(refusal::repeated) + 1);
}

// --- may_serve
// ---------------------------------------------------------------------------------------------------------------

struct serving : testing::Test {
    serve_facts facts{.asked_for = day(2018, 8, 9),
                      .asked_until = day(2018, 8, 9),
                      .period_begin = day(2018, 1, 1),
                      .period_end = day(2018, 12, 31),
                      .age = 1h,
                      .max_age = seconds{30 * 24h}};
};

TEST_F(serving, a_fresh_answer_for_a_day_inside_is_served) {
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
}

TEST_F(serving, both_ends_of_the_period_are_inside) {
    facts.asked_for = facts.asked_until = day(2018, 1, 1);
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
    facts.asked_for = facts.asked_until = day(2018, 12, 31);
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
    facts.asked_for = day(2018, 1, 1);
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
}

TEST_F(serving, a_day_outside_is_not_served) {
    facts.asked_for = facts.asked_until = day(2017, 12, 31);
    EXPECT_EQ(may_serve(facts), serve_verdict::outside_period);
    facts.asked_for = facts.asked_until = day(2019, 1, 1);
    EXPECT_EQ(may_serve(facts), serve_verdict::outside_period);
}

TEST_F(serving, a_span_that_reaches_outside_is_not_served) {
    facts.asked_until = day(2019, 1, 1);
    EXPECT_EQ(may_serve(facts), serve_verdict::outside_period);
    facts = {.asked_for = day(2017, 12, 31),
             .asked_until = day(2018, 8, 9),
             .period_begin = facts.period_begin,
             .period_end = facts.period_end,
             .age = facts.age,
             .max_age = facts.max_age};
    EXPECT_EQ(may_serve(facts), serve_verdict::outside_period);
}

TEST_F(serving, thirty_days_old_is_too_old) {
    facts.age = facts.max_age - 1s;
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
    facts.age = facts.max_age;
    EXPECT_EQ(may_serve(facts), serve_verdict::too_old);
}

TEST_F(serving, an_unproven_age_is_not_served) {
    facts.age = 0s;
    EXPECT_EQ(may_serve(facts), serve_verdict::serve);
    facts.age = -1s;
    EXPECT_EQ(may_serve(facts), serve_verdict::age_unproven);
}

TEST_F(serving, every_verdict_has_its_own_name) {
    const std::set<std::string_view> names{
        to_text(serve_verdict::serve), to_text(serve_verdict::outside_period),
        to_text(serve_verdict::too_old), to_text(serve_verdict::age_unproven)};
    EXPECT_EQ(names.size(), 4U);
}

}  // namespace
}  // namespace garde::cache
