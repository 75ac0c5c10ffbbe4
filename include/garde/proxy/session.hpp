// One caller's connection: handshake, identity, then one exchange after the other until it ends.
#pragma once

#include "garde/caller/identity.hpp"
#include "garde/http/parser.hpp"
#include "garde/net/http_io.hpp"
#include "garde/net/stream.hpp"
#include "garde/proxy/worker.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace garde::proxy {

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

    [[nodiscard]] net::stream& stream() { return stream_; }
    [[nodiscard]] worker& at() { return worker_; }
    [[nodiscard]] const caller::identity& who() const { return who_; }
    /// Whom its requests are counted for.
    [[nodiscard]] caller_key counted_for() const { return pass_.who(); }
    [[nodiscard]] const std::string& caller_address() const { return address_; }
    [[nodiscard]] http::request_parser& request() { return parser_; }

    std::size_t place = 0;  ///< in the worker's list; the worker's

  private:
    net::task<bool> handshake();
    net::task<bool> read_request();
    net::task<> refuse(const http::parse_error& why);
    net::task<> turn_away();
    void identify();

    worker& worker_;
    net::stream stream_;
    net::input_buffer buffer_;
    http::request_parser parser_;
    caller::identity who_;
    std::string address_;
    connection_pass pass_;
    std::optional<shed> turned_away_;                ///< the caller has too many connections
    connection_end end_ = connection_end::by_garde;  ///< as it will be counted
    bool idle_ = false;
};

}  // namespace garde::proxy
