// Incremental parsers of requests and responses on Beast's basic_parser. They do no I/O: bytes go in, a head
// and the decoded body come out. The framing guard runs when the head is complete: what two parsers could
// read in two ways is refused.
#pragma once

#include "garde/http/head.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace garde::http {

struct parser_limits {
    std::size_t head_bytes = 16 * 1024;
    std::uint64_t body_bytes =
        1024 * 1024;  ///< of a request: more is refused with 413; responses have no limit here

    friend bool operator==(const parser_limits&, const parser_limits&) = default;
};

/// Why a message is refused. `status` is what a server answers (400, 413, 414, 431, 501, 505); the connection
/// closes after it.
struct parse_error {
    int status = 400;
    std::string what;  ///< for the caller: what is wrong and where; never quotes values
};

class request_parser {
  public:
    explicit request_parser(const parser_limits& limits);
    ~request_parser();
    request_parser(const request_parser&) = delete;
    request_parser& operator=(const request_parser&) = delete;

    /// Forgets the message and starts the next one on the same connection; buffers are kept.
    void reset();

    /// Feeds all unconsumed bytes (contiguous, beginning where the last call stopped consuming); returns how
    /// many were consumed. Stops behind the head once (so that the caller can look at it before the body),
    /// and at the end of the message. Nothing of a head is consumed before all of it is there. After an
    /// error, the same error again.
    std::expected<std::size_t, parse_error> put(std::string_view available);

    [[nodiscard]] bool head_complete() const;
    [[nodiscard]] bool complete() const;
    [[nodiscard]] const request_head& head() const;  ///< when head_complete
    [[nodiscard]] std::string& body();               ///< decoded so far

  private:
    struct state;
    std::unique_ptr<state> state_;
};

class response_parser {
  public:
    response_parser(const parser_limits& limits, request_was method);
    ~response_parser();
    response_parser(const response_parser&) = delete;
    response_parser& operator=(const response_parser&) = delete;

    /// Forgets the message and awaits the answer to the next request on the same connection; buffers are
    /// kept.
    void reset(request_was method);

    /// As in request_parser. Interim responses (1xx) are consumed and dropped; 101 is an error, since garde
    /// never asks for an upgrade. `status` in the error means nothing here.
    std::expected<std::size_t, parse_error> put(std::string_view available);

    /// The connection ended: completes a message that lasts until then; otherwise the message was cut off:
    /// false.
    bool finish();

    [[nodiscard]] bool head_complete() const;
    [[nodiscard]] bool complete() const;
    [[nodiscard]] const response_head& head() const;
    [[nodiscard]] std::string& body();  ///< decoded so far; a streaming caller takes it away piece by piece

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::http
