// Standard texts: status phrases, trace contexts, structured strings, problem documents.
#include "garde/http/rewrite.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>

namespace garde::http {

namespace {

struct phrase {
    int status;
    std::string_view text;
};

/// The IANA registry of status codes, in order.
constexpr std::array phrases = std::to_array<phrase>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
});
static_assert(std::ranges::is_sorted(phrases, {}, &phrase::status));

/// Lower-case hex of an id that may not be all zeros; where it ends.
char* put_hex_id(char* out, std::string_view random) {
    constexpr std::string_view digits = "0123456789abcdef";
    bool zero = true;
    for (const char c : random) {
        const auto byte = static_cast<unsigned char>(c);
        zero = zero && byte == 0;
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 0x0F];
    }
    if (zero) out[-1] = '1';
    return out;
}

}  // namespace

std::string_view phrase_of(int status) {
    const auto found = std::ranges::lower_bound(phrases, status, {}, &phrase::status);
    return found != phrases.end() && found->status == status ? found->text : "Unknown";
}

traceparent make_traceparent(std::string_view random24) {
    assert(random24.size() == 24);
    traceparent out{'0', '0', '-'};
    char* end = put_hex_id(out.data() + 3, random24.substr(0, 16));
    *end++ = '-';
    end = put_hex_id(end, random24.substr(16, 8));
    std::ranges::copy(std::string_view("-00"), end);
    return out;
}

std::string structured_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c >= 0x20 && c < 0x7F ? c : '?');
    }
    out.push_back('"');
    return out;
}

std::string problem_document(int status, std::string_view title, std::string_view detail) {
    const auto text = [](std::string_view s) { return boost::json::string_view(s.data(), s.size()); };
    const boost::json::object document{
        {"type", "about:blank"}, {"title", text(title)}, {"status", status}, {"detail", text(detail)}};
    return boost::json::serialize(document);
}

}  // namespace garde::http
