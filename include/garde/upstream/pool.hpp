// Idle connections to one backend, for one worker; nothing is shared between workers. And the attempt that
// uses them.
#pragma once

#include "garde/upstream/connection.hpp"
#include "garde/upstream/silence.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace garde::upstream {

/// May a request be sent again on a fresh connection when a kept one turns out to be dead after it was
/// written?
enum class resend : std::uint8_t { forbidden, safe };

class pool {
  public:
    static constexpr std::size_t max_idle = 64;           ///< further ones are closed
    static constexpr milliseconds max_idle_time{30'000};  ///< older ones are closed instead of used

    pool(net::event_loop& loop, target_ptr to) : loop_(loop), target_(std::move(to)) {}

    /// New connections go there from now on; idle ones are closed when the addresses differ.
    void retarget(target_ptr to);

    /// A connection, kept or new, and one request on it; a new one may take `connect_time`. While the backend
    /// is silent, it is a new one. A large response keeps its connection in `answer->rest_from`.
    net::task<sent> attempt(const wire_request& request, resend again, milliseconds connect_time,
                            steady_time give_up_at);

    /// Takes back a connection whose response is complete; one to a former target is closed.
    void put_back(connection_ptr idle);

    /// How many kept connections were closed since the last call: too old, too many, or by the backend.
    std::uint64_t take_closed() { return std::exchange(closed_, 0); }

    [[nodiscard]] const target& to() const { return *target_; }

  private:
    struct kept {
        connection_ptr connection;
        steady_time since;
    };
    connection_ptr take(resend again);
    net::task<sent> ask(connection& on, const wire_request& request, steady_time give_up_at);
    void settle(sent& result, connection_ptr connection);

    net::event_loop& loop_;
    target_ptr target_;
    net::session_slot sessions_;
    std::uint32_t generation_ = 0;  ///< of the target's addresses
    std::uint64_t closed_ = 0;
    std::vector<kept> idle_;  ///< most recently used last
    silence silence_;
};

}  // namespace garde::upstream
