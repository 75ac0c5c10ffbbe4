// The words of the brain: modes, verdicts, outcomes and their text forms (as in journal, API and headers).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::continuity {

/// Position of a backend in its service's list: the primary first, then the backups by order.
enum class backend_index : std::uint8_t {};
constexpr std::size_t to_number(backend_index index) {
    return static_cast<std::size_t>(index);
}

/// What a service does now.
enum class mode : std::uint8_t {
    primary,    ///< requests go to the primary
    backup,     ///< requests go to a backup
    degraded,   ///< no backend: the reply cache answers, a miss gets the emergency procedure
    emergency,  ///< no backend and no cache: the emergency procedure answers
};

/// What an operator may order. `automatic` is the absence of an override.
enum class override_mode : std::uint8_t { primary, backup, degraded, emergency, transparent };

/// What the failure detector says of a backend.
enum class verdict : std::uint8_t {
    unknown,     ///< nothing observed yet; eligible
    up,          ///< works
    suspect,     ///< failed lately; eligible, but tried last
    down,        ///< not eligible
    recovering,  ///< answers again, under observation; not yet eligible
};

/// How often a backend is probed.
enum class probe_pace : std::uint8_t {
    normal,
    fast,  ///< the next probes decide something
    slow,  ///< it is down
};

enum class outcome_kind : std::uint8_t {
    answered,      ///< the backend gave an answer that the caller must see
    failed,        ///< the backend failed: try the next
    inconclusive,  ///< says nothing about the truth: neither believed nor held against the backend
};

/// Why an attempt did not count as answered; with `answered`: `none`, `refused` or `unclassified`.
enum class reason : std::uint8_t {
    none,
    connect_failed,     ///< refused, unreachable, or no address known
    connect_timeout,    ///< the connection was not made in time
    tls_failed,         ///< handshake or certificate check failed
    reset,              ///< the connection broke before the answer's head was complete
    timed_out,          ///< no (complete) answer within the attempt's time
    truncated,          ///< the connection broke inside the answer's body
    bad_response,       ///< not HTTP, or framing that two parsers could read in two ways
    http_error,         ///< status 500 without a SOAP fault that says more
    http_unavailable,   ///< status 502, 503 or 504 without a SOAP fault that says more
    empty,              ///< 200 without a body where SOAP was due
    not_xml,            ///< 200 with a body that is not a complete SOAP envelope
    fault_undefined,    ///< SOA-00001
    fault_unavailable,  ///< SOA-02001
    fault_temporary,    ///< SOA-02002
    possible_replay,    ///< an authentication or validity fault after an attempt that may have been processed
    too_slow,           ///< answered, but far later than is usual for the backend
    refused,            ///< an authentication fault: an answer, but many of them are an outage
    unclassified,       ///< an answer that the rules do not know: relayed, held against nobody
    probe_unexpected,   ///< a probe got an answer, but not the expected one
};

/// How a route's answers are read.
enum class route_kind : std::uint8_t {
    soap,  ///< SOAP 1.1 over POST; answers are classified by their body
    http,  ///< anything else; answers are classified by status
};

std::string_view to_text(mode value);
std::string_view to_text(override_mode value);
std::string_view to_text(verdict value);
std::string_view to_text(outcome_kind value);
std::string_view to_text(reason value);
std::optional<override_mode> override_mode_from(std::string_view text);
std::optional<verdict> verdict_from(std::string_view text);
std::optional<reason> reason_from(std::string_view text);

}  // namespace garde::continuity
