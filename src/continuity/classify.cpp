// See classify.hpp.
#include "garde/continuity/classify.hpp"

namespace garde::continuity {
namespace {

constexpr outcome answered{outcome_kind::answered, reason::none};

outcome failed(reason why) {
    return {outcome_kind::failed, why};
}

/// An answer that the rules do not know is relayed. Behind an earlier failure it proves nothing: a backup's
/// "not found" must not hide the primary's own error.
outcome unknown_answer(history before) {
    if (before == history::fresh || before == history::overtaken)
        return {outcome_kind::answered, reason::unclassified};
    return {outcome_kind::inconclusive, reason::unclassified};
}

/// SOA-01xxx and SOA-03xxx are answers, unless the backend may only be refusing the second copy of a message.
outcome caller_fault(const response_facts& facts) {
    const bool only_copy = facts.before == history::fresh || facts.before == history::failed_unsent;
    if (facts.replays == replay_detection::on && !only_copy)
        return {outcome_kind::inconclusive, reason::possible_replay};
    const bool authentication = facts.body.fault_code.starts_with("SOA-01");
    return authentication ? outcome{outcome_kind::answered, reason::refused} : answered;
}

outcome classify_fault(const response_facts& facts) {
    const std::string_view code = facts.body.fault_code;
    if (code == "SOA-00001") return failed(reason::fault_undefined);
    if (code == "SOA-02001") return failed(reason::fault_unavailable);
    if (code == "SOA-02002") return failed(reason::fault_temporary);
    if (code.starts_with("SOA-01") || code.starts_with("SOA-03")) return caller_fault(facts);
    return unknown_answer(facts.before);
}

/// What a status says of the backend: that it failed, that it is not available, or nothing.
reason backend_error(int status) {
    if (status == 500) return reason::http_error;
    return status == 502 || status == 503 || status == 504 ? reason::http_unavailable : reason::none;
}

outcome classify_soap(const response_facts& facts) {
    if (facts.body.result == soap::scan_result::envelope && facts.body.fault) return classify_fault(facts);
    if (const reason why = backend_error(facts.status); why != reason::none) return failed(why);
    if (facts.status != 200) return unknown_answer(facts.before);
    switch (facts.body.result) {
        case soap::scan_result::envelope: return answered;
        case soap::scan_result::empty: return failed(reason::empty);
        case soap::scan_result::not_xml: break;
    }
    return failed(reason::not_xml);
}

}  // namespace

history beside_second(const std::optional<outcome>& second) {
    const bool seen =
        !second || (may_have_been_processed(second->why) && second->why != reason::possible_replay);
    return seen ? history::overtaken : history::fresh;
}

history behind_first(std::optional<reason> first) {
    if (!first) return history::beside_first;
    return may_have_been_processed(*first) ? history::maybe_processed : history::failed_unsent;
}

outcome classify_response(const response_facts& facts) {
    if (facts.route == route_kind::soap) return classify_soap(facts);
    if (const reason why = backend_error(facts.status); why != reason::none) return failed(why);
    // While the first backend may still have it, another one's "not found" is not the answer.
    if (facts.before == history::beside_first && facts.status >= 400)
        return {outcome_kind::inconclusive, reason::unclassified};
    return answered;
}

outcome classify_large_response(route_kind route, int status) {
    if (const reason why = backend_error(status); why != reason::none) return failed(why);
    if (route == route_kind::soap) return {outcome_kind::answered, reason::unclassified};
    return answered;
}

outcome classify_transport(reason why) {
    return failed(why);
}

bool may_have_been_processed(reason why) {
    return why != reason::connect_failed && why != reason::connect_timeout && why != reason::tls_failed;
}

bool may_be_the_requests_fault(reason why) {
    switch (why) {
        case reason::reset:
        case reason::timed_out:
        case reason::truncated:
        case reason::bad_response:
        case reason::http_error:
        case reason::empty:
        case reason::not_xml:
        case reason::fault_undefined: return true;
        default: return false;
    }
}

bool is_unavailability(reason why) {
    return why != reason::fault_undefined && why != reason::unclassified;
}

}  // namespace garde::continuity
