// Writes the heads that garde sends: the caller's head for an upstream, the upstream's head for the caller,
// and heads of its own. Hop-by-hop fields (RFC 9110, 7.6.1) go, framing is always regenerated, Via and the
// forwarding fields are added.
#pragma once

#include "garde/http/head.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace garde::http {

struct owned_field {
    std::string_view name;  ///< a constant
    std::string value;
};

struct forwarding {
    std::string_view node;            ///< pseudonym in Via
    std::string_view host;            ///< Host of the upstream
    std::string_view caller_address;  ///< appended to X-Forwarded-For and Forwarded
    std::string_view scheme;          ///< of the caller's connection: http or https
};

/// Appends the request's head for an upstream: method and target as received (absolute form becomes origin
/// form), end-to-end fields in their order, Host, Via, X-Forwarded-For, Forwarded, `traceparent` (passed on,
/// or begun by `new_traceparent`), and Content-Length for a body of `body_bytes` (absent when the request had
/// none).
void append_upstream_head(std::string& out, const request_head& request, const forwarding& how,
                          std::string_view new_traceparent, std::uint64_t body_bytes);

/// How the body that follows is framed.
enum class outgoing_framing : std::uint8_t { content_length, chunked, until_close, no_body };

struct response_shape {
    outgoing_framing framing = outgoing_framing::content_length;
    std::optional<std::uint64_t> content_length =
        std::nullopt;  ///< with content_length; with no_body: what HEAD promises, if anything
    bool keep_alive = true;
};

/// Appends an upstream's response head for the caller: status line as HTTP/1.1 with the upstream's reason,
/// end-to-end fields in their order, Via, then `extra`. Fields of the upstream named like one in `extra` are
/// dropped (an upstream must not speak for garde); Cache-Status, Proxy-Status and Via are lists: ours is
/// added behind.
void append_response_head(std::string& out, const response_head& response, std::string_view node,
                          const response_shape& shape, std::span<const field> extra);

/// Appends a head of garde's own: `HTTP/1.1 STATUS PHRASE`, Date, `extra`, framing.
void append_own_head(std::string& out, int status, std::string_view date, const response_shape& shape,
                     std::span<const owned_field> extra);

/// Appends one chunk of a chunked body; an empty one is the end.
void append_chunk(std::string& out, std::string_view data);

/// The standard phrase of a registered status: 404 → "Not Found"; "Unknown" of any other.
std::string_view phrase_of(int status);

/// A fresh W3C trace context (version 00, not sampled) from 24 random bytes.
using traceparent = std::array<char, 55>;
traceparent make_traceparent(std::string_view random24);

/// sf-string of RFC 9651: quoted, escaped, what it cannot hold replaced by '?'.
std::string structured_string(std::string_view text);

/// RFC 9457 problem document (application/problem+json).
std::string problem_document(int status, std::string_view title, std::string_view detail);

}  // namespace garde::http
