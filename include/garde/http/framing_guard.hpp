// The framing guard: refuses messages that two parsers could read in two ways (request smuggling, response
// splitting). Pure. `head_scan` looks at the raw bytes before any parser does; `guard_request` and
// `guard_response` judge the parsed fields and say how the body is framed. Rules: RFC 9112,
// sections 2.2, 3.2, 5, 6; where the RFC lets a recipient repair, this guard refuses.
#pragma once

#include "garde/http/head.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace garde::http {

/// Why a message is not accepted: constant text, so that refusing costs no allocation.
struct refusal {
    int status = 400;
    std::string_view what;
    std::size_t line = 0;  ///< of the head, counted from 1; 0: of no line in particular
};

/// Finds the end of a head in bytes that arrive in pieces, and refuses on the way: bare CR, bare LF, control
/// bytes (but HTAB), folded lines, an empty start line, more than `limit` bytes (414 within the start line,
/// else 431). Every byte is looked at once.
class head_scan {
  public:
    explicit head_scan(std::size_t limit) : limit_(limit) {}

    /// `available` begins with the head's first byte, each time. The head's length once its final empty line
    /// is there.
    std::expected<std::optional<std::size_t>, refusal> feed(std::string_view available);

  private:
    std::size_t limit_;
    std::size_t line_begin_ = 0;
    std::size_t checked_ = 0;  ///< bytes before this one are known to be good
    std::size_t line_ = 1;
};

/// How the body behind a head is framed, and what happens to the connection after it.
struct message_framing {
    body_framing body = body_framing::none;
    std::uint64_t content_length = 0;  ///< as announced, even where no body follows (HEAD, 304)
    bool keep_alive = false;
    bool expect_continue = false;  ///< requests only
};

/// Reads start line and fields of `head`, not its framing members.
std::expected<message_framing, refusal> guard_request(const request_head& head);
std::expected<message_framing, refusal> guard_response(const response_head& head, request_was method);

/// Refuses bare CR, bare LF, control bytes and folded lines in a trailer section (without its final empty
/// line).
std::optional<refusal> guard_trailers(std::string_view section);

/// Refuses a trailer field that no `Trailer` field of its head announced (RFC 9110, 6.6.2): who reads
/// trailers and who skips them would otherwise see two requests. Fields that a recipient may drop are
/// announced, too.
std::optional<refusal> guard_trailer_name(const head& head, std::string_view name);

/// Refuses a complete chunk line (with its LF) that ends with a bare LF or inside a quoted string: a chunk
/// extension cannot reach over its line, though a parser that looks for the closing quote first would let it.
std::optional<refusal> guard_chunk_line(std::string_view line);

/// Refuses control bytes, which Beast lets pass inside quoted strings.
std::optional<refusal> guard_chunk_extension(std::string_view extension);

}  // namespace garde::http
