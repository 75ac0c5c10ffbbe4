// One caller's connection: handshake, identity, then one exchange after the other until it ends. While it
// waits for a request it keeps no memory but its TLS state: what an exchange needs is borrowed from the
// worker.
#pragma once

#include "garde/caller/identity.hpp"
#include "garde/net/http_io.hpp"
#include "garde/net/stream.hpp"
#include "garde/proxy/worker.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace garde::proxy {

/// What becomes of a connection when an exchange is over.
enum class after : std::uint8_t {
    keep_alive,  ///< it may carry another request
    close,       ///< it ends properly
    linger,      ///< it ends properly, though the caller may still be sending
    broken,      ///< it ends without a goodbye: the caller got only a part, or is gone
    over,        ///< it has ended already
};

/// How reading a request's body ended.
enum class body_end : std::uint8_t {
    complete,
    no_room,  ///< its bytes do not fit what all exchanges may keep
    over,     ///< it was refused, or the connection broke: nothing is left to do
};

class session {
  public:
    session(worker& at, net::socket accepted, net::ssl_ptr ssl, connection_pass pass);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    /// The whole life of the connection.
    net::task<> run();

    /// Ends the connection if it waits for a request; else it ends with its exchange.
    void end_when_idle();

    // For the exchange at hand:
    [[nodiscard]] net::stream& stream() { return stream_; }
    [[nodiscard]] worker& at() { return worker_; }
    [[nodiscard]] const caller::identity& who() const;
    /// Whom its next request is counted for, by the configuration in force.
    [[nodiscard]] counted_caller counted_for();
    [[nodiscard]] const std::string& caller_address() const { return address_; }
    [[nodiscard]] http::request_parser& request() { return memory_->request; }
    [[nodiscard]] exchange_memory& memory() { return *memory_; }

    /// Feeds the request with what has been received already.
    void take_what_has_come();
    /// Reads the rest of the request: in [limits] body_time, and not slower than body_rate. What is chunked
    /// grows `claim`.
    net::task<body_end> read_body(byte_claim& claim);

    std::size_t place = 0;  ///< in the worker's list; the worker's

  private:
    net::task<bool> handshake();
    net::task<bool> wait_for_request();
    net::task<after> serve_one();
    net::task<bool> read_head();
    /// The request will not be complete; `late` is said, and `counted`, when its time is over.
    net::task<> end(net::read_result read, const http::parse_error& late, refusal counted);
    net::task<> refuse(const http::parse_error& why, refusal counted);
    net::task<> finish(after then);
    void identify();
    /// For deadlines of seconds.
    [[nodiscard]] steady_time now() { return worker_.loop().now(); }

    worker& worker_;
    net::stream stream_;
    net::input_buffer buffer_;
    std::unique_ptr<exchange_memory> memory_;      ///< null between requests
    std::unique_ptr<const caller::identity> who_;  ///< null: unverified
    std::string address_;
    connection_pass pass_;
    std::uint64_t limits_of_ = 0;                    ///< the epoch whose limits of its caller hold
    std::optional<shed> turned_away_;                ///< the caller has too many connections
    connection_end end_ = connection_end::by_garde;  ///< as it will be counted
    bool idle_ = false;
};

}  // namespace garde::proxy
