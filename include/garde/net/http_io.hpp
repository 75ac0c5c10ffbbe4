// Reads messages from a stream into the parsers of `http`, and serves small pages (status, admin) for threads
// that are not the main path.
#pragma once

#include "garde/http/parser.hpp"
#include "garde/http/rewrite.hpp"
#include "garde/net/stream.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::net {

/// Bytes that were read and not yet consumed, contiguous. Its memory is borrowed from the thread when the
/// first byte comes, and given back by release().
class input_buffer {
  public:
    static constexpr std::size_t default_capacity = std::size_t{16} * 1024;

    explicit input_buffer(std::size_t capacity = default_capacity) : first_capacity_(capacity) {}
    input_buffer(const input_buffer&) = delete;
    input_buffer& operator=(const input_buffer&) = delete;
    ~input_buffer();

    [[nodiscard]] std::string_view available() const { return {bytes_.get() + begin_, end_ - begin_}; }
    void consume(std::size_t count);
    /// Room for at least one more byte; grows when full and nothing was consumed.
    std::span<char> room();
    void filled(std::size_t count) { end_ += count; }
    /// Keeps no memory while there is nothing in it.
    void release();

  private:
    void grow();

    std::size_t first_capacity_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// What a read came to: ok, an ended or broken stream, or a message that the parser refuses.
struct read_result {
    io_status status = io_status::ok;
    std::optional<http::parse_error> refused;
    std::size_t received = 0;  ///< bytes that this read took from the stream
    [[nodiscard]] bool ok() const { return status == io_status::ok && !refused; }
};

/// Gives the parser what is buffered, until `enough(parser)` or it wants no more; says why when it refuses.
template <class Parser, class Enough>
std::optional<http::parse_error> feed(input_buffer& buffer, Parser& parser, Enough enough) {
    while (!buffer.available().empty() && !enough(parser)) {
        const auto consumed = parser.put(buffer.available());
        if (!consumed) return consumed.error();
        if (*consumed == 0) break;
        buffer.consume(*consumed);
    }
    return std::nullopt;
}

/// Feeds what is buffered, then reads until `enough(parser)`, the message is complete, or something fails.
template <class Parser, class Enough>
task<read_result> read_until(stream& from, input_buffer& buffer, Parser& parser, Enough enough) {
    read_result out;
    for (;;) {
        out.refused = feed(buffer, parser, enough);
        if (out.refused || enough(parser)) co_return out;
        const io_result got = co_await from.read_some(buffer.room());
        out.status = got.status;
        if (got.status != io_status::ok) co_return out;
        buffer.filled(got.bytes);
        out.received += got.bytes;
    }
}

/// The same with what has come by now: waits for nothing.
template <class Parser, class Enough>
read_result read_announced(stream& from, input_buffer& buffer, Parser& parser, Enough enough) {
    read_result out;
    while (!out.refused && !enough(parser) && from.announced()) {
        const io_result got = from.read_announced(buffer.room());
        out.status = got.status;
        if (got.status != io_status::ok || got.bytes == 0) break;
        buffer.filled(got.bytes);
        out.received += got.bytes;
        out.refused = feed(buffer, parser, enough);
    }
    return out;
}

/// A request to one of garde's own pages.
struct page_request {
    const http::request_head& head;
    std::string_view body;
    const X509* certificate;  ///< the verified client certificate, or null
    std::string_view peer;    ///< the other side's address, without port; empty when it has gone already
};

struct page_reply {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::vector<http::owned_field> fields;
    std::string body;
};

using page_handler = std::function<task<page_reply>(const page_request&)>;

struct page_limits {
    http::parser_limits parser{.head_bytes = std::size_t{16} * 1024, .body_bytes = std::uint64_t{64} * 1024};
    milliseconds handshake_time{5'000};
    milliseconds idle_time{30'000};
    milliseconds request_time{10'000};
};

/// Serves requests on one connection until it ends. Every reply carries `X-Content-Type-Options: nosniff`.
task<> serve_pages(event_loop& loop, socket accepted, ssl_ptr ssl, page_handler handler, page_limits limits);

}  // namespace garde::net
