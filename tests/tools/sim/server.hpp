// The site's sockets: accepts, reads requests, and does with each connection what the site decided. One
// thread.
#pragma once

#include "site.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unordered_set>

namespace sim {

class server {
  public:
    /// `tls` may be null: then connections are plain. All must outlive the server, and the server the
    /// io_context's run.
    server(boost::asio::io_context& io, site& with, boost::asio::ssl::context* tls)
        : io_(io), site_(with), tls_(tls) {}

    /// Binds and listens; port 0 takes a free one. Throws boost::system::system_error.
    void start(boost::asio::ip::tcp::endpoint at);

    [[nodiscard]] const boost::asio::ip::tcp::endpoint& address() const { return address_; }

    /// Applies refuse faults as they now are; to be called after each change of the site's faults.
    void faults_changed();

  private:
    using socket = boost::asio::ip::tcp::socket;

    void bind();
    void listen();
    void refuse();
    boost::asio::awaitable<void> accept_loop(unsigned generation);
    boost::asio::awaitable<void> serve_accepted(socket accepted);
    template <class Stream>
    boost::asio::awaitable<void> serve(std::shared_ptr<Stream> stream);
    template <class Stream>
    boost::asio::awaitable<void> finish(std::shared_ptr<Stream> stream, ending how);

    boost::asio::io_context& io_;
    site& site_;
    boost::asio::ssl::context* tls_;
    boost::asio::ip::tcp::endpoint address_;
    boost::asio::ip::tcp::acceptor acceptor_{io_};
    boost::asio::steady_timer next_change_{io_};
    std::unordered_set<socket*> open_;
    unsigned generation_ = 0;  ///< of the listening socket; an accept loop ends when it is no longer its own
    bool listening_ = false;
};

}  // namespace sim
