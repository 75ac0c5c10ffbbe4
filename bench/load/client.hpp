// One connection of a simulated caller: opens, asks, checks the answer, closes, and says when each is done.
// It decides nothing: a campaign tells it when. One thread.
#pragma once

#include "bench/common/consult.hpp"
#include "bench/common/message_reader.hpp"
#include "bench/common/poller.hpp"
#include "bench/common/stream.hpp"

#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>

namespace load {

using steady_time = std::chrono::steady_clock::time_point;

class client;

/// Where a connection stands.
enum class phase : std::uint8_t {
    closed,
    opening,  ///< connecting or in the handshake
    waiting,  ///< open, nothing under way
    asking,   ///< a question or its answer is under way
};

/// Who is told. May call open(), ask() and close() from within.
class observer {
  public:
    observer() = default;
    observer(const observer&) = delete;
    observer& operator=(const observer&) = delete;

    virtual void opened(client& which) = 0;
    virtual void answered(client& which) = 0;
    /// The connection is closed. `why` is empty when the server ended it properly while it was waiting.
    virtual void lost(client& which, phase was, std::string_view why) = 0;

  protected:
    ~observer() = default;
};

/// Whether a client opens its next connection with the ticket of the one before.
enum class tickets : std::uint8_t { unused, used };

/// What all clients of a campaign have in common.
struct target {
    bench::poller& poller;
    SSL_CTX* tls;  ///< made by client_tls()
    sockaddr_in address;
    bench::question& question;
    std::uint64_t answer_bytes;  ///< how long a right answer's body is
    tickets resume;
};

class client final : public bench::event_handler {
  public:
    client(const target& to, observer& tell) : to_(to), tell_(tell) {}

    /// TCP and TLS; opened() follows, or lost().
    void open(steady_time intended);
    /// While waiting; answered() follows, or lost().
    void ask(std::uint64_t index, steady_time intended);
    /// Nothing follows.
    void close();

    /// When what is under way, or was last, should have begun.
    [[nodiscard]] steady_time intended() const { return intended_; }
    [[nodiscard]] phase now() const { return phase_; }
    [[nodiscard]] bool resumed() const { return stream_ && stream_->resumed(); }

    void on_ready() override;
    void keep_ticket(bench::session_ptr session) { session_ = std::move(session); }

  private:
    void write_on();
    void read_on();
    void check_answer();
    void lose(std::string_view why);

    const target& to_;
    observer& tell_;
    std::optional<bench::stream> stream_;
    bench::session_ptr session_;
    bench::message_reader reader_{bench::message_reader::absent_length::is_bad};
    phase phase_ = phase::closed;
    std::string rest_;  ///< of the question, when the kernel did not take it in one piece
    steady_time intended_{};
};

/// A context whose clients keep their tickets, where they are to use them.
std::expected<bench::context_ptr, std::string> client_tls(tickets resume);

}  // namespace load
