// A connection to a backend, and one request and its response on it.
#pragma once

#include "garde/continuity/types.hpp"
#include "garde/http/parser.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/http_io.hpp"
#include "garde/net/stream.hpp"
#include "garde/upstream/target.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

namespace garde::upstream {

/// One thread.
class connection {
  public:
    connection(net::event_loop& loop, net::socket connected, net::ssl_ptr ssl)
        : stream_(loop, std::move(connected), std::move(ssl)) {}

    [[nodiscard]] net::stream& stream() { return stream_; }
    [[nodiscard]] net::input_buffer& buffer() { return buffer_; }

    /// Which of its pool's targets it leads to: a pool keeps no connection to a former one.
    [[nodiscard]] std::uint32_t generation() const { return generation_; }
    void set_generation(std::uint32_t value) { generation_ = value; }

  private:
    net::stream stream_;
    net::input_buffer buffer_;
    std::uint32_t generation_ = 0;
};
using connection_ptr = std::unique_ptr<connection>;

/// Connects to the first of the target's addresses that accepts, and shakes hands, going on with a session in
/// `sessions` where there is one. An address that swallows packets costs its share of the time only. Fails
/// with connect_failed, connect_timeout or tls_failed.
net::task<std::expected<connection_ptr, continuity::reason>> connect(net::event_loop& loop, const target& to,
                                                                     steady_time give_up_at,
                                                                     net::session_slot& sessions);

/// The same with a session of its own: for probes, which shall see a whole handshake, and single questions.
net::task<std::expected<connection_ptr, continuity::reason>> connect(net::event_loop& loop, const target& to,
                                                                     steady_time give_up_at);

/// A response on its way. Complete, or (a large one) with its first bytes and the connection that brings the
/// rest.
struct response {
    explicit response(std::size_t head_limit)
        : head_bytes(head_limit),
          parser({.head_bytes = head_limit, .body_bytes = 0}, http::request_was::other) {}
    std::size_t head_bytes;
    http::response_parser parser;
    connection_ptr rest_from;  ///< null once complete
};

/// Gives a response's memory back to its thread.
struct response_recycler {
    void operator()(response* done) const;
};
using response_ptr = std::unique_ptr<response, response_recycler>;

/// An empty response to a request of this method, in memory that an earlier one has given back where there is
/// some.
response_ptr new_response(std::size_t head_bytes, http::request_was method);

/// Asked for as a response's body grows. Collecting stops where there is none.
class room {
  public:
    virtual bool reach(std::size_t bytes) = 0;

  protected:
    ~room() = default;
};

struct wire_request {
    std::string_view bytes;  ///< head and body
    http::request_was method = http::request_was::other;
    std::size_t commit_bytes = 0;    ///< a response body over this is not waited for
    std::size_t head_bytes = 0;      ///< limit of the response's head
    upstream::room* room = nullptr;  ///< null: as much as commit_bytes
};

/// What a request on a connection came to: `why` is `none` when the response is complete or over the commit
/// limit.
struct sent {
    continuity::reason why = continuity::reason::none;
    response_ptr answer;            ///< when why is none
    bool nothing_received = false;  ///< not one byte came back
    bool sent_twice = false;        ///< a first copy, on a kept connection that died, may have been processed
    bool opened = false;            ///< the request was written to a new connection
    bool reused = false;            ///< … to a kept one
    steady_time head_at{};          ///< when the answer's head was complete; with answer
    bool cut_short = false;  ///< answered before the whole request was written: the connection is spent
};

/// Writes the request and reads the response until it is complete, over the commit limit, or fails. The
/// connection's deadline is `give_up_at`.
net::task<sent> send(connection& on, const wire_request& request, steady_time give_up_at);

}  // namespace garde::upstream
