// The names of the refusals; see assertion.hpp.
#include "garde/caller/assertion.hpp"

#include <utility>

namespace garde::caller {

std::string_view to_text(assertion_refusal value) {
    switch (value) {
        case assertion_refusal::none_there: return "none-there";
        case assertion_refusal::too_large: return "too-large";
        case assertion_refusal::not_xml: return "not-xml";
        case assertion_refusal::doctype: return "doctype";
        case assertion_refusal::structure: return "structure";
        case assertion_refusal::several_bodies: return "several-bodies";
        case assertion_refusal::duplicate_id: return "duplicate-id";
        case assertion_refusal::several_assertions: return "several-assertions";
        case assertion_refusal::several_signatures: return "several-signatures";
        case assertion_refusal::bad_text: return "bad-text";
        case assertion_refusal::assertion_unsigned: return "assertion-unsigned";
        case assertion_refusal::assertion_reference: return "assertion-reference";
        case assertion_refusal::assertion_signature: return "assertion-signature";
        case assertion_refusal::issuer_not_valid: return "issuer-not-valid";
        case assertion_refusal::not_yet_valid: return "not-yet-valid";
        case assertion_refusal::expired: return "expired";
        case assertion_refusal::not_holder_of_key: return "not-holder-of-key";
        case assertion_refusal::bad_key: return "bad-key";
        case assertion_refusal::weak_algorithm: return "weak-algorithm";
        case assertion_refusal::transform: return "transform";
        case assertion_refusal::message_reference: return "message-reference";
        case assertion_refusal::message_signature: return "message-signature";
        case assertion_refusal::timestamp: return "timestamp";
        case assertion_refusal::stale: return "stale";
        case assertion_refusal::replayed: return "replayed";
        case assertion_refusal::replay_memory_full: return "replay-memory-full";
        case assertion_refusal::provider: return "provider";
    }
    std::unreachable();
}

}  // namespace garde::caller
