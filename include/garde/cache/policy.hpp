// What may be kept and what may be served: pure. Default: deny.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/soap/consult.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace garde::cache {

/// Why an answer is not kept. One test each.
enum class refusal : std::uint8_t {
    none,
    fault,               ///< a SOAP Fault
    http_status,         ///< any status but 200
    unreadable,          ///< truncated, not XML, DTD, over the bounds, or no answer to this kind of question
    message_fault,       ///< MessageFault of the generic service
    multiple_io,         ///< ReturnInfo/MultipleIO
    status_code,         ///< Status/Code not configured as success
    return_code,         ///< ReturnCode not configured as success
    no_coverage,         ///< no Coverage with Communicated and a period
    deceased,            ///< CareReceiver/Deceased
    other_patient,       ///< CareReceiver other than the request's, or without the identifier asked for
    wrong_environment,   ///< IsTest other than the request's
    bound_to_request,    ///< SignatureConfirmation, RelatesTo, expiring Timestamp
    older_communicated,  ///< a newer answer is kept already: by Communicated, or by the time it came
    too_large,           ///< over entry_bytes, or over the whole cache's bound
    request_unreadable,  ///< the question gave no key
    caller_unverified,   ///< nobody to keep it for
    repeated,            ///< would be kept, had its question not been seen before
};

inline constexpr std::size_t refusals = static_cast<std::size_t>(refusal::repeated) + 1;

std::string_view to_text(refusal value);

/// Judges an answer of an upstream to its question. HTTP status, sizes and what is kept already are
/// reply_cache's.
refusal judge(const soap::consult_request& request, const soap::consult_reply& reply,
              const config::cache_settings& rules);

/// The part of judge() that needs no question; for answers to questions that cannot be read.
refusal judge_reply(const soap::consult_reply& reply, const config::cache_settings& rules);

/// True when a refused answer is the insurer's newer word on the patient, so that older entries may not speak
/// any more: they are removed. policy.cpp gives the reason for each refusal.
bool removes_older(refusal why);

/// What the decision to serve looks at.
struct serve_facts {
    std::chrono::sys_days asked_for;     ///< the question's (first) date
    std::chrono::sys_days asked_until;   ///< its last date; the same for a question of one day
    std::chrono::sys_days period_begin;  ///< of the kept coverage, inclusive
    std::chrono::sys_days period_end;    ///< inclusive
    std::chrono::seconds age;            ///< since the consult; negative when it cannot be proven
    std::chrono::seconds max_age;        ///< served while younger
};

/// Why a kept answer is (not) served; text goes to Cache-Status `detail`.
enum class serve_verdict : std::uint8_t { serve, outside_period, too_old, age_unproven };

std::string_view to_text(serve_verdict value);
serve_verdict may_serve(const serve_facts& facts);

}  // namespace garde::cache
