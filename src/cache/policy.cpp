// See policy.hpp.
#include "garde/cache/policy.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace garde::cache {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& value) {
    return std::ranges::find(list, value) != list.end();
}

bool answers(const soap::consult_reply& reply, const soap::consult_request& request) {
    if (request.payload_name == soap::pharmacist_question)
        return reply.payload_name == soap::pharmacist_answer;
    return request.payload_name == soap::generic_question && reply.payload_name == soap::generic_answer;
}

/// The generic service's schema has no ReturnInfo, the pharmacists' requires one beside every Coverage.
bool return_code_accepted(const soap::consult_reply& reply, const config::cache_settings& rules) {
    if (!reply.return_code) return reply.payload_name == soap::generic_answer;
    return contains(rules.success_return, *reply.return_code);
}

/// Every identifier asked for must come back; one that was not asked for may.
bool same_patient(const soap::patient& asked, const std::optional<soap::patient>& answered) {
    if (!answered) return false;
    const auto given = answered->identifiers();
    return std::ranges::all_of(asked.identifiers(), [&](const auto& wanted) {
        return std::ranges::find(given, wanted) != given.end();
    });
}

}  // namespace

std::string_view to_text(refusal value) {
    switch (value) {
        case refusal::none: return "none";
        case refusal::fault: return "fault";
        case refusal::http_status: return "http-status";
        case refusal::unreadable: return "unreadable";
        case refusal::message_fault: return "message-fault";
        case refusal::multiple_io: return "multiple-io";
        case refusal::status_code: return "status-code";
        case refusal::return_code: return "return-code";
        case refusal::no_coverage: return "no-coverage";
        case refusal::deceased: return "deceased";
        case refusal::other_patient: return "other-patient";
        case refusal::wrong_environment: return "wrong-environment";
        case refusal::bound_to_request: return "bound-to-request";
        case refusal::older_communicated: return "older-communicated";
        case refusal::too_large: return "too-large";
        case refusal::request_unreadable: return "request-unreadable";
        case refusal::caller_unverified: return "caller-unverified";
        case refusal::repeated: return "repeated";
    }
    std::unreachable();
}

refusal judge_reply(const soap::consult_reply& reply, const config::cache_settings& rules) {
    if (reply.fault) return refusal::fault;
    if (reply.message_fault) return refusal::message_fault;
    if (reply.multiple_io) return refusal::multiple_io;
    if (!contains(rules.success_status, reply.status_code)) return refusal::status_code;
    if (!return_code_accepted(reply, rules)) return refusal::return_code;
    if (reply.deceased) return refusal::deceased;
    if (!reply.communicated || !reply.period_begin || !reply.period_end) return refusal::no_coverage;
    if (reply.bound_to_request) return refusal::bound_to_request;
    return refusal::none;
}

refusal judge(const soap::consult_request& request, const soap::consult_reply& reply,
              const config::cache_settings& rules) {
    if (reply.fault) return refusal::fault;
    if (!answers(reply, request)) return refusal::unreadable;
    if (reply.is_test && *reply.is_test != request.is_test) return refusal::wrong_environment;
    if (const auto why = judge_reply(reply, rules); why != refusal::none) return why;
    return same_patient(request.care_receiver, reply.care_receiver) ? refusal::none : refusal::other_patient;
}

bool removes_older(refusal why) {
    switch (why) {
        // The insurer's word on this patient is now another one, or none.
        case refusal::deceased:
        case refusal::no_coverage:
        case refusal::status_code:
        case refusal::return_code:
        case refusal::message_fault:
        case refusal::multiple_io:
        // The insurer knows the patient by another number now, or mixes him up: either way what is kept is in
        // doubt.
        case refusal::other_patient:
        // A newer answer that would do, but cannot be kept: an older one must not speak in its place.
        case refusal::bound_to_request:
        case refusal::too_large: return true;
        // These say nothing about the patient: the answer is the platform's and not the insurer's, or nobody
        // can tell …
        case refusal::fault:
        case refusal::http_status:
        case refusal::unreadable:
        // … or it is about the patients of another environment …
        case refusal::wrong_environment:
        // … or what is kept is the newer word, or says as well that all is in order …
        case refusal::older_communicated:
        case refusal::repeated:
        // … or there is no question or no caller to remove by; reply_cache then goes by the answer alone.
        case refusal::request_unreadable:
        case refusal::caller_unverified:
        case refusal::none: return false;
    }
    std::unreachable();
}

std::string_view to_text(serve_verdict value) {
    switch (value) {
        case serve_verdict::serve: return "serve";
        case serve_verdict::outside_period: return "outside-period";
        case serve_verdict::too_old: return "too-old";
        case serve_verdict::age_unproven: return "age-unproven";
    }
    std::unreachable();
}

serve_verdict may_serve(const serve_facts& facts) {
    if (facts.age < std::chrono::seconds{0}) return serve_verdict::age_unproven;
    if (facts.age >= facts.max_age) return serve_verdict::too_old;
    if (facts.asked_for < facts.period_begin || facts.asked_until > facts.period_end ||
        facts.asked_until < facts.asked_for)
        return serve_verdict::outside_period;
    return serve_verdict::serve;
}

}  // namespace garde::cache
