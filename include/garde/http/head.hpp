// The head of a message: start line and fields as views into one flat copy of its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::http {

struct field {
    std::string_view name;   ///< as received
    std::string_view value;  ///< without surrounding white space
};

enum class body_framing : std::uint8_t {
    none,            ///< no body
    content_length,  ///< as long as Content-Length says
    chunked,         ///< Transfer-Encoding: chunked
    until_close,     ///< responses only: ends with the connection
};

/// Whether the request was HEAD: its response has no body, whatever its fields say.
enum class request_was : std::uint8_t { head, other };

/// What request and response heads have in common. Not copyable: the views point into `bytes`.
class head {
  public:
    head() = default;
    head(const head&) = delete;
    head& operator=(const head&) = delete;
    ~head() = default;

    /// The first field of this name (ASCII case-insensitive).
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
    /// True when a comma-separated list field (e.g. Connection) holds this token, in any of its lines.
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

    std::string bytes;          ///< start line, fields, final empty line
    int version = 11;           ///< 10 or 11
    std::vector<field> fields;  ///< in the order received
    body_framing framing = body_framing::none;
    std::uint64_t content_length =
        0;  ///< with framing content_length; without a body: what an answer to HEAD promises
    bool keep_alive = false;  ///< what version and Connection say
};

class request_head : public head {
  public:
    std::string_view method;
    std::string_view target;  ///< as received
    std::string_view path;    ///< of the target (origin or absolute form), without query; "*" for OPTIONS *
    bool expect_continue = false;  ///< HTTP/1.1, a body is announced and the caller waits for 100 (Continue)
};

class response_head : public head {
  public:
    int status = 0;
    std::string_view reason_phrase;
};

/// The value of a request target's first query parameter of this name, as it stands: not decoded. Empty
/// without one.
std::string_view query_value(std::string_view target, std::string_view name);

/// ASCII case-insensitive comparison.
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace garde::http
