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
    if (before == history::fresh) return {outcome_kind::answered, reason::unclassified};
    return {outcome_kind::inconclusive, reason::unclassified};
}

/// SOA-01xxx and SOA-03xxx are answers, unless the backend may only be refusing the second copy of a message.
outcome caller_fault(const response_facts& facts) {
    if (facts.replays == replay_detection::on && facts.before == history::maybe_processed)
        return {outcome_kind::inconclusive, reason::possible_replay};
    return answered;
}

outcome classify_fault(const response_facts& facts) {
    const std::string_view code = facts.body.fault_code;
    if (code == "SOA-00001") return failed(reason::fault_undefined);
    if (code == "SOA-02001") return failed(reason::fault_unavailable);
    if (code == "SOA-02002") return failed(reason::fault_temporary);
    if (code.starts_with("SOA-01") || code.starts_with("SOA-03")) return caller_fault(facts);
    return unknown_answer(facts.before);
}

bool is_backend_error(int status) {
    return status == 500 || status == 502 || status == 503 || status == 504;
}

outcome classify_soap(const response_facts& facts) {
    if (facts.body.result == soap::scan_result::envelope && facts.body.fault) return classify_fault(facts);
    if (is_backend_error(facts.status)) return failed(reason::http_error);
    if (facts.status != 200) return unknown_answer(facts.before);
    switch (facts.body.result) {
        case soap::scan_result::envelope: return answered;
        case soap::scan_result::empty: return failed(reason::empty);
        case soap::scan_result::not_xml: break;
    }
    return failed(reason::not_xml);
}

}  // namespace

outcome classify_response(const response_facts& facts) {
    if (facts.route == route_kind::soap) return classify_soap(facts);
    if (is_backend_error(facts.status)) return failed(reason::http_error);
    return answered;
}

outcome classify_large_response(route_kind route, int status) {
    if (is_backend_error(status)) return failed(reason::http_error);
    if (route == route_kind::soap) return {outcome_kind::answered, reason::unclassified};
    return answered;
}

outcome classify_transport(reason why) {
    return failed(why);
}

bool may_have_been_processed(reason why) {
    return why != reason::connect_failed && why != reason::connect_timeout && why != reason::tls_failed;
}

bool is_unavailability(reason why) {
    return why != reason::fault_undefined && why != reason::unclassified;
}

}  // namespace garde::continuity
