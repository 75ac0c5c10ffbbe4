// Reads the result of one attempt: did the backend answer, did it fail, or does it say nothing? Pure. The
// table of fault codes and what a proxy makes of them is the design's; one test per row.
#pragma once

#include "garde/continuity/types.hpp"
#include "garde/soap/envelope_scan.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::continuity {

/// The classified result of one attempt.
struct outcome {
    outcome_kind kind = outcome_kind::answered;
    reason why = reason::none;

    friend bool operator==(const outcome&, const outcome&) = default;
};

/// What happened to this request before the attempt at hand.
enum class history : std::uint8_t {
    fresh,            ///< this is the first attempt
    failed_unsent,    ///< earlier attempts failed before a backend can have processed the request
    maybe_processed,  ///< an earlier attempt may have been processed
    beside_first,     ///< a second copy, while the first is still out
    overtaken,        ///< the first attempt, but a second copy may have been processed before it
};

/// What the answer to the first of two copies that are out at once stands behind, by what the second has come
/// to; nothing while that is out. Where both are refused, one of them was not the second that a backend saw:
/// then the refusal is true.
history beside_second(const std::optional<outcome>& second);

/// The same for the second copy, by how the first one's attempt ended: `none` for a response.
history behind_first(std::optional<reason> first);

enum class replay_detection : std::uint8_t { off, on };

struct response_facts {
    route_kind route = route_kind::soap;
    int status = 200;
    soap::envelope_scan body;  ///< of a complete body; looked at for SOAP routes only
    history before = history::fresh;
    replay_detection replays = replay_detection::on;
};

/// A complete response.
outcome classify_response(const response_facts& facts);

/// A response that is too large to be looked at as a whole: its status must do.
outcome classify_large_response(route_kind route, int status);

/// An attempt that ended without a complete response; `why` must not be `none`.
outcome classify_transport(reason why);

/// True when a backend may have processed a request whose attempt ended like this: everything but failures to
/// connect.
bool may_have_been_processed(reason why);

/// True for failures that a poisonous request could bring about at any backend, false for those in which the
/// backend says itself, or shows, that it is not available.
bool may_be_the_requests_fault(reason why);

/// True for failures that speak of availability only (nobody there, overload, garbage), false for an error of
/// the backend's own that a caller can learn from. Decides whether the emergency procedure may take its
/// place.
bool is_unavailability(reason why);

}  // namespace garde::continuity
