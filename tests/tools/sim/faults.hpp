// Faults on command: which of them apply to a connection or to a request at a given time. Pure: the time is
// an argument, chance comes from a seed and the request's number.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

using std::chrono::milliseconds;

enum class fault_kind : std::uint8_t {
    refuse,         ///< connects are refused and open connections closed, as if the process had ended
    hang,           ///< nothing is ever answered
    slow,           ///< the answer comes late; goes together with every other fault
    reset,          ///< the connection is reset (RST)
    http_status,    ///< an answer of this status with a short text
    empty_200,      ///< 200 without a body
    non_xml_200,    ///< 200 with a text that is no XML
    soap_fault,     ///< a fault with this code
    die_mid_body,   ///< head and half of the body, then RST
    die_mid_chunk,  ///< chunked, RST inside a chunk
    short_body,     ///< head and half of the body, then an orderly end
    short_chunked,  ///< chunked, all of the body but its last chunk, then an orderly end
    garbage,        ///< bytes that are not HTTP
    deceased,       ///< a genuine answer but for this: the patient has died
    replay_guard,   ///< a message that was seen before is refused with SOA-01001
};

enum class audience : std::uint8_t { traffic, probe, orders, all };
/// What has happened when a fault strikes: the connection is there, the request, half of the answer's head,
/// all of it.
enum class moment : std::uint8_t { accept, request, head, body };
enum class replay_scope : std::uint8_t { site, shared };

struct fault {
    fault_kind kind = fault_kind::hang;
    audience whom = audience::all;
    std::string mutuality;              ///< only requests about this insurer's patients; empty: all
    milliseconds from{0};               ///< since the faults were put
    std::optional<milliseconds> until;  ///< exclusive
    milliseconds flap{0};           ///< on in the first half of each period of this length, off in the second
    double share = 1.0;             ///< of the requests it would apply to
    milliseconds delay{0};          ///< slow
    milliseconds jitter{0};         ///< slow: up to this much more
    int status = 500;               ///< http_status, soap_fault
    std::string code;               ///< soap_fault
    moment when = moment::request;  ///< reset, hang
    replay_scope scope = replay_scope::site;
};

/// Reads {"faults":[{"kind":…},…]}; the error says which fault is wrong and how. Unknown members are errors.
std::expected<std::vector<fault>, std::string> read_faults(std::string_view json);

/// `since` is the time since the faults were put.
bool active_at(const fault& which, milliseconds since);

/// True while a refuse fault is active.
bool refusing_at(std::span<const fault> faults, milliseconds since);

/// When refusing_at may next change; nothing when it never will.
std::optional<milliseconds> next_refusal_change(std::span<const fault> faults, milliseconds since);

enum class connection_effect : std::uint8_t { none, hang, reset };

/// What happens to a new connection before anything is read from it. `number` counts connections.
connection_effect effect_on_connection(std::span<const fault> faults, milliseconds since,
                                       std::uint64_t number, std::uint64_t seed);

struct request_facts {
    bool probe = false;
    std::string_view mutuality{};  ///< of the patient; empty when the request is no consult
    std::uint64_t number = 0;      ///< counts requests
    bool order = false;            ///< POST /orders; traffic, too
};

struct effects {
    milliseconds delay{0};                ///< all slow faults together
    const fault* decisive = nullptr;      ///< the first other fault of the list that applies
    const fault* replay_guard = nullptr;  ///< the first replay guard that applies
};

effects effects_on_request(std::span<const fault> faults, milliseconds since, const request_facts& facts,
                           std::uint64_t seed);

}  // namespace sim
