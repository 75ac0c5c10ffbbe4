// A caller of a simulation: asks over TLS, from an address of its own, on connections that it keeps for a
// while.
#pragma once

#include "garde/net/http_io.hpp"
#include "garde/net/stream.hpp"

#include "ledger.hpp"
#include "scenario.hpp"

#include <memory>

namespace garde::sim {

class caller {
  public:
    caller(net::event_loop& loop, const scenario& of, std::size_t number, ledger& book, chance luck,
           const net::tls_context& tls);
    caller(const caller&) = delete;
    caller& operator=(const caller&) = delete;
    ~caller() = default;

    /// Asks until told to stop.
    void start() { loop_.spawn(live()); }
    void stop() { stopped_ = true; }
    /// Its last connection has ended.
    [[nodiscard]] bool is_done() const { return done_; }
    /// How many of its questions since the last call came to an end.
    [[nodiscard]] std::size_t take_ended() { return std::exchange(ended_, 0); }

  private:
    /// One connection.
    struct visit {
        net::stream stream;
        net::input_buffer buffer;
        http::response_parser response;
    };

    net::task<> live();
    net::task<std::unique_ptr<visit>> connect();
    net::task<bool> ask(visit& with);
    net::task<bool> write(visit& with, std::string_view text);
    net::task<bool> hear(visit& with, std::uint64_t reference);
    net::task<> pause(moment time);
    [[nodiscard]] std::string request_for(const question& what, std::string_view path);

    net::event_loop& loop_;
    const scenario& of_;
    const caller_plan& plan_;
    std::size_t number_;
    ledger& book_;
    chance luck_;
    const net::tls_context& tls_;
    net::session_slot sessions_;
    bool stopped_ = false;
    bool done_ = false;
    std::size_t ended_ = 0;
};

}  // namespace garde::sim
