// A connection, plain or TLS, straight on the descriptor: reads and writes are tried first and waited for
// only when the kernel says so; TLS is OpenSSL on the same descriptor, without copies in between.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/net/event_loop.hpp"
#include "garde/net/tls_context.hpp"
#include "garde/net/watched_socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace garde::net {

enum class io_status : std::uint8_t {
    ok,
    eof,          ///< the peer ended the connection properly
    reset,        ///< the connection broke; with TLS also: it ended without close_notify
    timed_out,    ///< the deadline passed
    tls_error,    ///< handshake or record error; no more use
    cancelled,    ///< cancel() was called
    interrupted,  ///< the peer speaks before all was written
};

struct io_result {
    io_status status = io_status::ok;
    std::size_t bytes = 0;
};

/// One thread (its loop's). At most one operation at a time.
class stream {
  public:
    /// `connected` must be open; `ssl` null means plain.
    stream(event_loop& loop, socket connected, ssl_ptr ssl);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    ~stream() = default;

    /// All operations from now on end by then with timed_out.
    void expires_at(steady_time due) {
        deadline_.set(due);
        expired_ = false;
    }

    /// No deadline until the next expires_at.
    void never_expires() {
        deadline_.cancel();
        expired_ = false;
    }

    /// Ends the waiting operation, and each later one, with `cancelled`.
    void cancel();

    /// TLS handshake; a plain stream is ready at once.
    task<io_status> handshake();

    /// Waits until there may be something to read; holds no buffer meanwhile.
    task<io_status> wait_readable();

    /// Reads what there is, at least one byte when ok.
    task<io_result> read_some(std::span<char> into);

    /// Reads what there is without waiting: ok with 0 bytes when that is nothing.
    io_result read_announced(std::span<char> into);

    /// Writes all of it, or fails.
    task<io_status> write_all(std::string_view data);

    /// The same, but where the peer takes no more for now and has something to say, that is `interrupted`: a
    /// server may answer before it has read the whole request, and may read no more of it.
    task<io_status> write_until_answered(std::string_view data);

    /// Says goodbye (close_notify) without waiting for the peer's, and closes the descriptor.
    void close();

    /// Closes the descriptor without a goodbye, so that a peer that speaks TLS can tell that something is
    /// missing.
    void abort();

    /// Says goodbye while the peer may still be sending: reads and drops what comes until it ends or the
    /// deadline passes, so that the kernel does not take back what was written (a reset overtakes unread
    /// data). Then close().
    task<> close_after_refusal();

    /// After a failed handshake: the peer spoke plain HTTP.
    [[nodiscard]] bool peer_spoke_plain_http() const { return plain_http_; }

    /// After a failed handshake: the peer's certificate is missing where it is required, or was not accepted.
    [[nodiscard]] bool refused_certificate() const { return certificate_refused_; }

    /// After a handshake: it went on with an earlier session.
    [[nodiscard]] bool resumed() const;

    /// After a failed handshake: sends `text` as it is, outside TLS.
    void send_plain(std::string_view text);

    /// True when an idle connection has something to read: the peer has closed it, or speaks out of turn. No
    /// waiting.
    [[nodiscard]] bool readable_or_closed();

    /// The same as far as the loop has heard of it: free, and behind by what happens in this very turn.
    [[nodiscard]] bool announced() const;

    /// The peer's certificate where there is one and it was verified; owned by the stream.
    [[nodiscard]] const X509* peer_certificate() const;

    [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }
    [[nodiscard]] const socket& descriptor() const { return watched_.descriptor(); }
    [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

  private:
    task<io_status> wait(direction what);
    /// What an attempt came to: bytes, an end, or a direction to wait for first.
    struct attempt {
        io_result result;
        bool again = false;
        direction wait_for = direction::read;
    };
    attempt try_read(std::span<char> into);
    attempt try_write(std::string_view data);
    attempt after_tls(int returned);
    bool peer_speaks();
    void interrupt() { watched_.interrupt(); }

    watched_socket watched_;
    ssl_ptr ssl_;
    deadline deadline_;
    std::uint8_t in_a_row_ = 0;  ///< operations that did not have to wait
    bool expired_ = false;
    bool cancelled_ = false;
    bool plain_http_ = false;
    bool certificate_refused_ = false;
};

}  // namespace garde::net
