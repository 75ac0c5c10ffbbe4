// Feeds the parsers as a connection would: bytes arrive in pieces, what was not consumed stays in front.
// Every put sees a fresh allocation of exactly the bytes there are, so that a sanitizer notices any view that
// outlives it or reads past it.
#pragma once

#include "garde/http/parser.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace garde::http::test {

/// All that the parsers say, in a form that can be compared and printed.
struct transcript {
    std::vector<std::string> messages;  ///< complete ones
    int error_status = 0;               ///< 0: none
    std::string error_what;
    bool inside = false;  ///< the bytes ended inside a message

    friend bool operator==(const transcript& a, const transcript& b) {
        // The words may differ where two rules are broken at once; the decision may not.
        return a.messages == b.messages && a.error_status == b.error_status && a.inside == b.inside;
    }
};

std::ostream& operator<<(std::ostream& out, const transcript& t);

/// The pieces of `bytes` between the positions in `cuts` (ascending).
std::vector<std::string_view> cut(std::string_view bytes, const std::vector<std::size_t>& cuts);
/// One piece per byte.
std::vector<std::string_view> single_bytes(std::string_view bytes);

transcript read_requests(const std::vector<std::string_view>& pieces, const parser_limits& limits = {});
/// Every answer has the same method; the connection ends behind the last piece.
transcript read_responses(const std::vector<std::string_view>& pieces, request_was method,
                          const parser_limits& limits = {});

}  // namespace garde::http::test
