// See types.hpp.
#include "garde/continuity/types.hpp"

#include <utility>

namespace garde::continuity {

std::string_view to_text(mode value) {
    switch (value) {
        case mode::primary: return "primary";
        case mode::backup: return "backup";
        case mode::degraded: return "degraded";
        case mode::emergency: return "emergency";
    }
    std::unreachable();
}

std::string_view to_text(override_mode value) {
    switch (value) {
        case override_mode::primary: return "primary";
        case override_mode::backup: return "backup";
        case override_mode::degraded: return "degraded";
        case override_mode::emergency: return "emergency";
        case override_mode::transparent: return "transparent";
    }
    std::unreachable();
}

std::string_view to_text(verdict value) {
    switch (value) {
        case verdict::unknown: return "unknown";
        case verdict::up: return "up";
        case verdict::suspect: return "suspect";
        case verdict::down: return "down";
        case verdict::recovering: return "recovering";
    }
    std::unreachable();
}

std::string_view to_text(outcome_kind value) {
    switch (value) {
        case outcome_kind::answered: return "answered";
        case outcome_kind::failed: return "failed";
        case outcome_kind::inconclusive: return "inconclusive";
    }
    std::unreachable();
}

std::string_view to_text(reason value) {
    switch (value) {
        case reason::none: return "none";
        case reason::connect_failed: return "connect-failed";
        case reason::connect_timeout: return "connect-timeout";
        case reason::tls_failed: return "tls-failed";
        case reason::reset: return "reset";
        case reason::timed_out: return "timed-out";
        case reason::truncated: return "truncated";
        case reason::bad_response: return "bad-response";
        case reason::http_error: return "http-error";
        case reason::http_unavailable: return "http-unavailable";
        case reason::empty: return "empty";
        case reason::not_xml: return "not-xml";
        case reason::fault_undefined: return "fault-undefined";
        case reason::fault_unavailable: return "fault-unavailable";
        case reason::fault_temporary: return "fault-temporary";
        case reason::possible_replay: return "possible-replay";
        case reason::too_slow: return "too-slow";
        case reason::refused: return "refused";
        case reason::unclassified: return "unclassified";
        case reason::probe_unexpected: return "probe-unexpected";
    }
    std::unreachable();
}

namespace {

/// The value up to `last` that has this text.
template <class Enum>
std::optional<Enum> value_from(std::string_view text, Enum last) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (to_text(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
    return std::nullopt;
}

}  // namespace

std::optional<override_mode> override_mode_from(std::string_view text) {
    return value_from(text, override_mode::transparent);
}

std::optional<verdict> verdict_from(std::string_view text) {
    return value_from(text, verdict::recovering);
}

std::optional<reason> reason_from(std::string_view text) {
    return value_from(text, reason::probe_unexpected);
}

}  // namespace garde::continuity
