// See stream.hpp.
#include "garde/net/stream.hpp"

#include "tls_io.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace garde::net {
namespace {

/// A peer that always has more to say, or always takes more, lets the others have their turn after so many
/// operations.
constexpr std::uint8_t most_in_a_row = 16;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace

stream::stream(event_loop& loop, socket connected, ssl_ptr ssl)
    : watched_(loop, std::move(connected), watched_socket::state::connected),
      ssl_(std::move(ssl)),
      deadline_(loop.wheel(), [this] {
          expired_ = true;
          interrupt();
      }) {
    // Without memory for it, the handshake fails.
    if (ssl_) (void)use_socket(ssl_.get(), watched_);
}

void stream::cancel() {
    cancelled_ = true;
    interrupt();
}

task<io_status> stream::wait(direction what) {
    if (!cancelled_ && !expired_) {
        if (!watched_.ready(what)) {
            in_a_row_ = 0;
            co_await watched_.wait(what);
        } else if (++in_a_row_ >= most_in_a_row) {
            in_a_row_ = 0;
            co_await watched_.loop().yield();
        }
    }
    if (cancelled_) co_return io_status::cancelled;
    co_return expired_ ? io_status::timed_out : io_status::ok;
}

stream::attempt stream::after_tls(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ: return {.result = {}, .again = true, .wait_for = direction::read};
        case SSL_ERROR_WANT_WRITE: return {.result = {}, .again = true, .wait_for = direction::write};
        case SSL_ERROR_ZERO_RETURN: return {.result = {io_status::eof, 0}};
        case SSL_ERROR_SYSCALL: return {.result = {io_status::reset, 0}};
        default: break;
    }
    const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return {.result = {cut ? io_status::reset : io_status::tls_error, 0}};
}

stream::attempt stream::try_read(std::span<char> into) {
    if (ssl_) {
        ERR_clear_error();
        const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
        if (got > 0) return {.result = {io_status::ok, static_cast<std::size_t>(got)}};
        return after_tls(got);
    }
    const ssize_t got = watched_.receive(into);
    if (got > 0) return {.result = {io_status::ok, static_cast<std::size_t>(got)}};
    if (got == 0) return {.result = {io_status::eof, 0}};
    return {.result = {io_status::reset, 0}, .again = would_block(), .wait_for = direction::read};
}

stream::attempt stream::try_write(std::string_view data) {
    if (ssl_) {
        ERR_clear_error();
        // One call writes one record.
        watched_.more_follows(data.size() > SSL3_RT_MAX_PLAIN_LENGTH);
        const int put = SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
        watched_.more_follows(false);
        if (put > 0) return {.result = {io_status::ok, static_cast<std::size_t>(put)}};
        attempt out = after_tls(put);
        if (out.result.status == io_status::eof) out.result.status = io_status::reset;
        return out;
    }
    const ssize_t put = watched_.transmit(data);
    if (put >= 0) return {.result = {io_status::ok, static_cast<std::size_t>(put)}};
    return {.result = {io_status::reset, 0}, .again = would_block(), .wait_for = direction::write};
}

task<io_status> stream::handshake() {
    if (!ssl_) co_return io_status::ok;
    for (;;) {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl_.get());
        if (done == 1) co_return io_status::ok;
        const int why = ERR_GET_REASON(ERR_peek_error());
        plain_http_ = why == SSL_R_HTTP_REQUEST;
        certificate_refused_ =
            why == SSL_R_CERTIFICATE_VERIFY_FAILED || why == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
        const attempt step = after_tls(done);
        if (!step.again) co_return step.result.status;
        const io_status waited = co_await wait(step.wait_for);
        if (waited != io_status::ok) co_return waited;
    }
}

void stream::send_plain(std::string_view text) {
    // Small and right after the connection was made: it fits the socket's buffer, or the peer is not worth
    // waiting for.
    (void)watched_.transmit(text);
}

task<> stream::close_after_refusal() {
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(descriptor().native_handle(), SHUT_WR);
    std::array<char, 4096> dropped{};
    while (co_await wait(direction::read) == io_status::ok) {
        const ssize_t got = watched_.receive(dropped);
        if (got == 0 || (got < 0 && !would_block())) break;
    }
    close();
}

task<io_status> stream::wait_readable() {
    if (ssl_ && SSL_has_pending(ssl_.get()) == 1) co_return io_status::ok;
    co_return co_await wait(direction::read);
}

task<io_result> stream::read_some(std::span<char> into) {
    if (++in_a_row_ >= most_in_a_row) {
        in_a_row_ = 0;
        co_await watched_.loop().yield();
    }
    for (;;) {
        const attempt tried = try_read(into);
        if (!tried.again) co_return tried.result;
        const io_status waited = co_await wait(tried.wait_for);
        if (waited != io_status::ok) co_return io_result{waited, 0};
    }
}

io_result stream::read_announced(std::span<char> into) {
    const attempt tried = try_read(into);
    return tried.again ? io_result{} : tried.result;
}

task<io_status> stream::write_all(std::string_view data) {
    co_await watched_.loop().after_arrivals();
    while (!data.empty()) {
        const attempt tried = try_write(data);
        if (!tried.again) {
            if (tried.result.status != io_status::ok) co_return tried.result.status;
            data.remove_prefix(tried.result.bytes);
            continue;
        }
        const io_status waited = co_await wait(tried.wait_for);
        if (waited != io_status::ok) co_return waited;
    }
    co_return io_status::ok;
}

/// Looks without taking; what TLS itself had to say (a session ticket) is dealt with and does not count.
bool stream::peer_speaks() {
    char byte = 0;
    if (ssl_) {
        ERR_clear_error();
        const int got = SSL_peek(ssl_.get(), &byte, 1);
        return got > 0 || !after_tls(got).again;
    }
    return readable_or_closed();
}

task<io_status> stream::write_until_answered(std::string_view data) {
    co_await watched_.loop().after_arrivals();
    while (!data.empty()) {
        const attempt tried = try_write(data);
        if (!tried.again) {
            if (tried.result.status != io_status::ok) co_return tried.result.status;
            data.remove_prefix(tried.result.bytes);
            continue;
        }
        const io_status waited =
            co_await wait(tried.wait_for == direction::write ? direction::either : tried.wait_for);
        if (waited != io_status::ok) co_return waited;
        if (!watched_.ready(direction::read)) continue;
        if (peer_speaks()) co_return io_status::interrupted;
        watched_.used_up(direction::read);
    }
    co_return io_status::ok;
}

void stream::abort() {
    deadline_.cancel();
    watched_.close();
}

void stream::close() {
    deadline_.cancel();
    if (ssl_ && descriptor().is_open() && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    watched_.close();
}

bool stream::resumed() const {
    return ssl_ && SSL_session_reused(ssl_.get()) == 1;
}

bool stream::announced() const {
    return watched_.ready(direction::read) || (ssl_ && SSL_has_pending(ssl_.get()) == 1);
}

bool stream::readable_or_closed() {
    if (ssl_ && SSL_has_pending(ssl_.get()) == 1) return true;
    char byte = 0;
    const ssize_t got = ::recv(descriptor().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || !would_block();
}

const X509* stream::peer_certificate() const {
    if (!ssl_ || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return nullptr;
    return SSL_get0_peer_certificate(ssl_.get());
}

}  // namespace garde::net
