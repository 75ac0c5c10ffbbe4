// See checks.hpp.
#include "garde/http/parser.hpp"

#include "checks.hpp"
#include "reread.hpp"
#include "splits.hpp"
#include "strict_chunks.hpp"

#include <optional>

namespace garde::http::fuzz {

namespace {

constexpr parser_limits limits{.head_bytes = 1024, .body_bytes = 512};
constexpr std::string_view request =
    "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Feeds a head, then the pieces of the body as a connection would; the message if one was accepted.
template <class Parser>
std::optional<chunked_message> decode(Parser& parser, std::string_view head,
                                      const std::vector<std::string_view>& pieces) {
    require(parser.put(head) == head.size(), "the head was not taken", head);
    chunked_message out;
    std::string waiting;
    for (const auto piece : pieces) {
        waiting += piece;
        for (std::size_t consumed = 1; consumed > 0 && !parser.complete();) {
            const auto result = parser.put(waiting);
            if (!result) return std::nullopt;
            consumed = *result;
            out.size += consumed;
            waiting.erase(0, consumed);
        }
    }
    if (!parser.complete()) return std::nullopt;
    out.body = parser.body();
    return out;
}

/// What was accepted is what the grammar says.
void compare(const std::optional<chunked_message>& parsed, const std::optional<chunked_message>& strict,
             std::string_view bytes) {
    if (!parsed) return;
    require(strict.has_value(), "accepted against the grammar", bytes);
    require(parsed->body == strict->body, "another body", bytes);
    require(parsed->size == strict->size, "another end", bytes);
}

}  // namespace

void check_chunks(std::string_view bytes) {
    const auto in_request = read_chunks(bytes, {.body_bytes = limits.body_bytes, .announced = "X-T"});
    const auto in_response = read_chunks(bytes, {.body_bytes = bytes.size(), .announced = {}});
    const auto check = [&](const std::vector<std::string_view>& pieces) {
        request_parser requests(limits);
        const auto decoded = decode(requests, request, pieces);
        require(decoded || !in_request, "refused though the grammar allows it", bytes);
        compare(decoded, in_request, bytes);
        response_parser responses(limits, request_was::other);
        compare(decode(responses, response, pieces), in_response, bytes);
    };
    check({bytes});
    for_all_splits(bytes, check);
}

}  // namespace garde::http::fuzz
