// The control port: plain HTTP with JSON, for tests on the same machine.
//
//   PUT /faults     {"faults":[{"kind":"slow","for":"traffic","delay_ms":200},…]} replaces all; their times
//   begin now GET /faults     what was put          DELETE /faults   none any more GET /counts     the site's
//   counts     GET /counts?reference=X   {"reference":"X","received":1,"answered":1} POST /counts/reset
#pragma once

#include "server.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <string_view>

namespace sim {

struct control_answer {
    int status = 200;
    std::string body;
};

class control {
  public:
    control(boost::asio::io_context& io, site& over, server& with)
        : site_(over), server_(with), acceptor_(io) {}

    /// Binds and listens; port 0 takes a free one. Throws boost::system::system_error.
    boost::asio::ip::tcp::endpoint start(boost::asio::ip::tcp::endpoint at);

  private:
    boost::asio::awaitable<void> accept_loop();
    boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket connection);
    control_answer answer_to(std::string_view method, std::string_view target, std::string_view body);
    control_answer put_faults(std::string_view body);
    [[nodiscard]] control_answer counts_of(std::string_view reference) const;

    site& site_;
    server& server_;
    boost::asio::ip::tcp::acceptor acceptor_;
};

}  // namespace sim
