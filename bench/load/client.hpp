// One connection of a simulated caller: opens, asks, checks the answer, closes, and says when each is done.
// It decides nothing: a campaign tells it when. One thread.
#pragma once

#include "bench/common/message_reader.hpp"
#include "bench/common/poller.hpp"
#include "bench/common/stream.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
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

/// Says what is wrong with a whole answer; empty when nothing is. A client closes its connection after a
/// wrong one.
using answer_check = std::function<std::string(const bench::message_reader&)>;

/// The text of question number `index`; valid until the next call.
using question_writer = std::function<std::string_view(std::uint64_t index)>;

/// What all clients of a campaign have in common.
struct target {
    bench::poller& poller;
    SSL_CTX* tls;  ///< made by client_tls()
    sockaddr_in address;
    question_writer write;
    answer_check check;
    bench::message_reader::bodies bodies;
    tickets resume;
    /// Connections come in turn from so many addresses, 127.0.1.1 and up; 0: from the one that the kernel
    /// takes.
    std::uint8_t callers;
};

class client final : public bench::event_handler {
  public:
    /// `source` is where its connections come from; INADDR_ANY leaves it to the kernel.
    client(const target& to, observer& tell, in_addr source)
        : to_(to),
          tell_(tell),
          source_(source),
          reader_(bench::message_reader::absent_length::is_bad, to.bodies) {}

    /// TCP and TLS; opened() follows, or lost().
    void open(steady_time intended);
    /// While waiting; answered() follows, or lost().
    void ask(std::uint64_t index, steady_time intended);
    /// Nothing follows.
    void close();

    /// When what is under way, or was last, should have begun.
    [[nodiscard]] steady_time intended() const { return intended_; }
    [[nodiscard]] phase now() const { return phase_; }
    /// The question's number that is under way, or was last.
    [[nodiscard]] std::uint64_t index() const { return index_; }
    /// What has come in answer to it so far.
    [[nodiscard]] const bench::message_reader& answer() const { return reader_; }
    [[nodiscard]] bool resumed() const { return stream_ && stream_->resumed(); }

    void on_ready() override;
    void keep_ticket(bench::session_ptr session) { session_ = std::move(session); }

  private:
    [[nodiscard]] bool bind_to_source(int descriptor) const;
    void write_on();
    void read_on();
    void check_answer();
    void lose(std::string_view why);

    const target& to_;
    observer& tell_;
    std::optional<bench::stream> stream_;
    bench::session_ptr session_;
    in_addr source_;
    bench::message_reader reader_;
    std::uint64_t index_ = 0;
    phase phase_ = phase::closed;
    std::string rest_;  ///< of the question, when the kernel did not take it in one piece
    steady_time intended_{};
};

/// A context whose clients keep their tickets, where they are to use them.
std::expected<bench::context_ptr, std::string> client_tls(tickets resume);

}  // namespace load
