// See checks.hpp.
#include "garde/http/parser.hpp"
#include "garde/http/rewrite.hpp"

#include "checks.hpp"
#include "reread.hpp"
#include "splits.hpp"

#include <sstream>

namespace garde::http::fuzz {

namespace {

/// Small, so that the limits are reached.
constexpr parser_limits limits{.head_bytes = 1024, .body_bytes = 512};
/// What garde adds must not be refused for its size.
constexpr parser_limits wide{.head_bytes = 64 * 1024, .body_bytes = 64 * 1024};
constexpr std::string_view new_trace = "00-11111111111111111111111111111111-2222222222222222-00";
constexpr std::string_view next_request = "GET /next HTTP/1.1\r\nHost: next.test\r\n\r\n";
const forwarding how{
    .node = "garde-1", .host = "up.test:8443", .caller_address = "192.0.2.7", .scheme = "https"};

/// The target without scheme and authority.
std::string_view origin_form(std::string_view target) {
    const auto scheme = target.find("://");
    if (target.starts_with('/') || scheme == std::string_view::npos) return target;
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view() : target.substr(path);
}

bool same_target(const request_head& sent, const request_head& read) {
    const auto wanted = origin_form(sent.target);
    if (wanted.empty()) return read.target == (sent.method == "OPTIONS" ? "*" : "/");
    return read.target == wanted || (wanted.starts_with('?') && read.target == "/" + std::string(wanted));
}

/// Feeds a message; how many of the bytes belong to it.
std::size_t put_message(request_parser& parser, std::string_view bytes) {
    std::size_t total = 0;
    while (!parser.complete()) {
        const auto consumed = parser.put(bytes.substr(total));
        require(consumed.has_value(), consumed ? "" : consumed.error().what, bytes);
        if (*consumed == 0) break;
        total += *consumed;
    }
    return total;
}

void check_rewritten(const request_head& head, std::string_view body) {
    std::string out;
    append_upstream_head(out, head, how, new_trace, body.size());
    require_clean_lines(out);
    out += body;
    request_parser again(wide);
    const auto size = put_message(again, out + std::string(next_request));
    const auto& read = again.head();
    require(again.complete() && size == out.size(), "another end than was written", out);
    require(read.method == head.method && same_target(head, read), "another method or target", out);
    require(again.body() == body, "another body", out);
    require(read.framing ==
                (head.framing == body_framing::none ? body_framing::none : body_framing::content_length),
            "another framing", out);
    require(read.count("Host") == 1 && read.find("Host") == how.host, "another Host", out);
    require(read.count("Content-Length") <= 1 && read.count("Connection") == 0, "fields of one hop", out);
    require(end_to_end_fields(head) == end_to_end_fields(read), "other fields", out);
}

}  // namespace

void check_requests(std::string_view bytes) {
    const auto whole = test::read_requests({bytes}, limits);
    for_all_splits(bytes, [&](const std::vector<std::string_view>& pieces) {
        const auto split = test::read_requests(pieces, limits);
        if (split == whole) return;
        std::ostringstream both;
        both << "whole: " << whole << "\nsplit: " << split;
        throw finding(both.str());
    });
    request_parser parser(limits);
    for (std::size_t at = 0; at < bytes.size();) {
        const auto consumed = parser.put(bytes.substr(at));
        if (!consumed) return;
        at += *consumed;
        if (parser.complete()) {
            if (parser.head().fields.size() < 250) check_rewritten(parser.head(), parser.body());
            parser.reset();
        } else if (*consumed == 0) {
            return;
        }
    }
}

}  // namespace garde::http::fuzz
