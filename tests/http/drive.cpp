// The test driver of the parsers.
#include "drive.hpp"

#include <memory>
#include <ostream>

namespace garde::http::test {

namespace {

void describe_head(std::string& out, const head& h) {
    out += " v" + std::to_string(h.version) + " framing" + std::to_string(static_cast<int>(h.framing)) +
           " length" + std::to_string(h.content_length) + (h.keep_alive ? " keep" : " close");
    for (const auto& f : h.fields) out.append("\n").append(f.name).append("=").append(f.value);
}

std::string describe(const request_head& h) {
    std::string out(h.method);
    out.append(" ").append(h.target).append(" (").append(h.path).append(h.expect_continue ? ") expects"
                                                                                          : ")");
    describe_head(out, h);
    return out;
}

std::string describe(const response_head& h) {
    std::string out = std::to_string(h.status);
    out.append(" ").append(h.reason_phrase);
    describe_head(out, h);
    return out;
}

/// One put, from an allocation of its own.
template <class Parser>
std::expected<std::size_t, parse_error> put_copy(Parser& parser, std::string_view bytes) {
    const auto copy = std::make_unique<char[]>(bytes.size());
    bytes.copy(copy.get(), bytes.size());
    return parser.put({copy.get(), bytes.size()});
}

/// Puts until nothing moves; false after an error.
template <class Parser, class Restart>
bool drain(Parser& parser, std::string& buffer, transcript& t, Restart restart) {
    while (!buffer.empty()) {
        const auto consumed = put_copy(parser, buffer);
        if (!consumed) {
            t.error_status = consumed.error().status;
            t.error_what = consumed.error().what;
            return false;
        }
        buffer.erase(0, *consumed);
        if (parser.complete()) {
            t.messages.push_back(describe(parser.head()) + "\n\n" + parser.body());
            restart();
        } else if (*consumed == 0) {
            break;
        }
    }
    return true;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const transcript& t) {
    for (const auto& m : t.messages) out << "[" << m << "]\n";
    return out << "error " << t.error_status << " " << t.error_what << (t.inside ? ", inside a message" : "");
}

std::vector<std::string_view> cut(std::string_view bytes, const std::vector<std::size_t>& cuts) {
    std::vector<std::string_view> pieces;
    std::size_t begin = 0;
    for (const auto at : cuts) {
        pieces.push_back(bytes.substr(begin, at - begin));
        begin = at;
    }
    pieces.push_back(bytes.substr(begin));
    return pieces;
}

std::vector<std::string_view> single_bytes(std::string_view bytes) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
    return pieces;
}

transcript read_requests(const std::vector<std::string_view>& pieces, const parser_limits& limits) {
    transcript t;
    request_parser parser(limits);
    std::string buffer;
    for (const auto piece : pieces) {
        buffer += piece;
        if (!drain(parser, buffer, t, [&] { parser.reset(); })) return t;
    }
    t.inside = !buffer.empty() || parser.head_complete();
    return t;
}

transcript read_responses(const std::vector<std::string_view>& pieces, request_was method,
                          const parser_limits& limits) {
    transcript t;
    response_parser parser(limits, method);
    std::string buffer;
    for (const auto piece : pieces) {
        buffer += piece;
        if (!drain(parser, buffer, t, [&] { parser.reset(method); })) return t;
    }
    if (parser.head_complete() && parser.finish()) {
        t.messages.push_back(describe(parser.head()) + "\n\n" + parser.body());
        return t;
    }
    t.inside = !buffer.empty() || parser.head_complete();
    return t;
}

}  // namespace garde::http::test
