// A backend of a simulation: answers probes and requests, well or as its plan says.
#pragma once

#include "garde/net/http_io.hpp"
#include "garde/net/listener.hpp"
#include "garde/net/stream.hpp"

#include "ledger.hpp"
#include "scenario.hpp"

#include <memory>
#include <optional>

namespace garde::sim {

class backend {
  public:
    /// `loop` is the one of all that is outside of garde. `begun` is when the scenario's times begin.
    backend(net::event_loop& loop, const backend_plan& plan, ledger& book, chance luck,
            const net::tls_context& tls, moment begun);
    backend(const backend&) = delete;
    backend& operator=(const backend&) = delete;
    ~backend() = default;

  private:
    /// One connection.
    struct visit {
        net::stream stream;
        net::input_buffer buffer;
        http::request_parser request;
    };
    enum class then : std::uint8_t { next, close, vanish };

    net::task<> serve(net::socket accepted);
    net::task<bool> hear(visit& with, bool& probe, std::uint64_t& reference);
    net::task<then> answer(visit& with, bool probe, std::uint64_t reference, bool last);
    net::task<then> say(visit& with, const reply& what, bool last, std::optional<std::size_t> only);
    net::task<> until_left(visit& with);
    net::task<> pause(moment time);
    [[nodiscard]] std::optional<malady> ailment(bool probe);
    [[nodiscard]] moment now() const;

    net::event_loop& loop_;
    const backend_plan& plan_;
    ledger& book_;
    chance luck_;
    const net::tls_context& tls_;
    moment begun_;
    std::unique_ptr<net::listener> listener_;
};

}  // namespace garde::sim
