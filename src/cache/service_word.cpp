// See service_word.hpp.
#include "garde/cache/service_word.hpp"

namespace garde::cache {

std::optional<answer_facts> facts_of(const soap::consult_reply& reply) {
    if (!reply.period_begin || !reply.period_end) return std::nullopt;
    return answer_facts{.says = sha256(reply.entitlement.reveal()),
                        .period_begin = *reply.period_begin,
                        .period_end = *reply.period_end};
}

answer_facts facts_of(std::string_view body) {
    return {.says = sha256(body),
            .period_begin = {},
            .period_end = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};
}

}  // namespace garde::cache
