// See checks.hpp.
#include "garde/http/parser.hpp"
#include "garde/http/rewrite.hpp"

#include "checks.hpp"
#include "reread.hpp"
#include "splits.hpp"

#include <sstream>

namespace garde::http::fuzz {

namespace {

constexpr parser_limits limits{.head_bytes = 1024, .body_bytes = 0};
constexpr parser_limits wide{.head_bytes = 64 * 1024, .body_bytes = 0};
constexpr std::string_view next_response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

response_shape shape_for(const response_head& head, request_was method, std::string_view body) {
    if (method != request_was::head && head.status != 204 && head.status != 304)
        return {.content_length = body.size()};
    response_shape none{.framing = outgoing_framing::no_body};
    if (head.find("Content-Length")) none.content_length = head.content_length;
    return none;
}

void check_rewritten(const response_head& head, std::string_view body, request_was method) {
    const std::vector<field> extra{{"Garde-Mode", "primary"}};
    std::string out;
    append_response_head(out, head, "garde-1", shape_for(head, method, body), extra);
    require_clean_lines(out);
    out += body;
    response_parser again(wide, method);
    const std::string bytes = out + std::string(next_response);
    std::size_t size = 0;
    while (!again.complete()) {
        const auto consumed = again.put(std::string_view(bytes).substr(size));
        require(consumed.has_value(), consumed ? "" : consumed.error().what, out);
        if (*consumed == 0) break;
        size += *consumed;
    }
    require(again.complete() && size == out.size(), "another end than was written", out);
    require(again.head().status == head.status && again.head().reason_phrase == head.reason_phrase,
            "another status", out);
    require(again.body() == body &&
                again.head().content_length == shape_for(head, method, body).content_length.value_or(0),
            "another body", out);
    require(end_to_end_fields(head) == end_to_end_fields(again.head()), "other fields", out);
}

void check_answers_to(request_was method, std::string_view bytes) {
    const auto whole = test::read_responses({bytes}, method, limits);
    for_all_splits(bytes, [&](const std::vector<std::string_view>& pieces) {
        const auto split = test::read_responses(pieces, method, limits);
        if (split == whole) return;
        std::ostringstream both;
        both << "whole: " << whole << "\nsplit: " << split;
        throw finding(both.str());
    });
    response_parser parser(limits, method);
    std::size_t at = 0;
    while (!parser.complete()) {
        const auto consumed = parser.put(bytes.substr(at));
        if (!consumed) return;
        if (*consumed == 0) break;
        at += *consumed;
    }
    if (!parser.head_complete() || !parser.finish()) return;
    require(parser.head().status >= 200, "an interim response as the answer", bytes);
    require(method != request_was::head || parser.body().empty(), "a body behind the answer to HEAD", bytes);
    if (parser.head().fields.size() < 250) check_rewritten(parser.head(), parser.body(), method);
}

}  // namespace

void check_responses(std::string_view bytes) {
    check_answers_to(request_was::other, bytes);
    check_answers_to(request_was::head, bytes);
}

}  // namespace garde::http::fuzz
