// What must hold for any bytes whatever: the fuzzers try to find some for which it does not, and the unit
// test replays the corpora. Each check throws `finding`; libFuzzer takes that for a crash.
#pragma once

#include <stdexcept>
#include <string_view>

namespace garde::http::fuzz {

/// The property that failed, and for what.
struct finding : std::logic_error {
    using std::logic_error::logic_error;
};

/// Requests, one behind the other: however they are split, the parser says the same; and a request that is
/// accepted and written for an upstream is one request, with the same fields and body.
void check_requests(std::string_view bytes);

/// Responses up to the connection's end, with interim ones, to HEAD and to other methods: split and written
/// again as above.
void check_responses(std::string_view bytes);

/// A chunked body: in a request accepted exactly when RFC 9112's grammar (section 7.1) and garde's limits say
/// so, in a response only then (Beast refuses some trailers there); with that body and that end.
void check_chunks(std::string_view bytes);

}  // namespace garde::http::fuzz
