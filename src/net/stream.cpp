// See stream.hpp.
#include "garde/net/stream.hpp"

#include <boost/asio/redirect_error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace garde::net {
namespace {

bool would_block(int code) {
    return code == EAGAIN || code == EWOULDBLOCK;
}

}  // namespace

stream::stream(event_loop& loop, socket connected, ssl_ptr ssl)
    : socket_(std::move(connected)), ssl_(std::move(ssl)), deadline_(loop.wheel(), [this] {
          expired_ = true;
          cancel_waiting();
      }) {
    boost::system::error_code ignored;
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
    if (ssl_) SSL_set_fd(ssl_.get(), socket_.native_handle());
}

void stream::cancel() {
    cancelled_ = true;
    cancel_waiting();
}

void stream::cancel_waiting() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

task<io_status> stream::wait(direction what) {
    if (cancelled_) co_return io_status::cancelled;
    if (expired_) co_return io_status::timed_out;
    boost::system::error_code failed;
    co_await socket_.async_wait(what == direction::read ? socket::wait_read : socket::wait_write,
                                asio::redirect_error(use_task, failed));
    if (cancelled_) co_return io_status::cancelled;
    if (expired_) co_return io_status::timed_out;
    co_return failed ? io_status::reset : io_status::ok;
}

stream::tls_step stream::after_tls(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ: return {.again = true, .wait_for = direction::read};
        case SSL_ERROR_WANT_WRITE: return {.again = true, .wait_for = direction::write};
        case SSL_ERROR_ZERO_RETURN: return {.status = io_status::eof};
        case SSL_ERROR_SYSCALL: return {.status = io_status::reset};
        default: break;
    }
    const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return {.status = cut ? io_status::reset : io_status::tls_error};
}

task<io_status> stream::handshake() {
    if (!ssl_) co_return io_status::ok;
    for (;;) {
        ERR_clear_error();
        const int done = SSL_do_handshake(ssl_.get());
        if (done == 1) co_return io_status::ok;
        plain_http_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
        const tls_step step = after_tls(done);
        if (!step.again) co_return step.status;
        const io_status waited = co_await wait(step.wait_for);
        if (waited != io_status::ok) co_return waited;
    }
}

void stream::send_plain(std::string_view text) {
    // Small and right after the connection was made: it fits the socket's buffer, or the peer is not worth
    // waiting for.
    (void)::send(socket_.native_handle(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

task<> stream::close_after_refusal() {
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_.native_handle(), SHUT_WR);
    std::array<char, 4096> dropped{};
    // Waiting before each read lets the loop run the deadline and others even when the peer never stops
    // sending.
    while (co_await wait(direction::read) == io_status::ok) {
        const ssize_t got = ::recv(socket_.native_handle(), dropped.data(), dropped.size(), 0);
        if (got == 0 || (got < 0 && errno != EINTR && !would_block(errno))) break;
    }
    close();
}

task<io_result> stream::read_some(std::span<char> into) {
    for (;;) {
        direction need = direction::read;
        if (ssl_) {
            ERR_clear_error();
            const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
            if (got > 0) co_return io_result{io_status::ok, static_cast<std::size_t>(got)};
            const tls_step step = after_tls(got);
            if (!step.again) co_return io_result{step.status, 0};
            need = step.wait_for;
        } else {
            const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
            if (got > 0) co_return io_result{io_status::ok, static_cast<std::size_t>(got)};
            if (got == 0) co_return io_result{io_status::eof, 0};
            if (errno != EINTR && !would_block(errno)) co_return io_result{io_status::reset, 0};
        }
        const io_status waited = co_await wait(need);
        if (waited != io_status::ok) co_return io_result{waited, 0};
    }
}

task<io_status> stream::write_all(std::string_view data) {
    while (!data.empty()) {
        direction need = direction::write;
        if (ssl_) {
            ERR_clear_error();
            const int put = SSL_write(ssl_.get(), data.data(), static_cast<int>(data.size()));
            if (put > 0) {
                data.remove_prefix(static_cast<std::size_t>(put));
                continue;
            }
            const tls_step step = after_tls(put);
            if (!step.again) co_return step.status == io_status::eof ? io_status::reset : step.status;
            need = step.wait_for;
        } else {
            const ssize_t put = ::send(socket_.native_handle(), data.data(), data.size(), MSG_NOSIGNAL);
            if (put >= 0) {
                data.remove_prefix(static_cast<std::size_t>(put));
                continue;
            }
            if (errno != EINTR && !would_block(errno)) co_return io_status::reset;
        }
        const io_status waited = co_await wait(need);
        if (waited != io_status::ok) co_return waited;
    }
    co_return io_status::ok;
}

void stream::close() {
    deadline_.cancel();
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
}

bool stream::readable_or_closed() {
    if (ssl_ && SSL_has_pending(ssl_.get()) == 1) return true;
    char byte = 0;
    const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got >= 0 || !would_block(errno);
}

const X509* stream::peer_certificate() const {
    if (!ssl_ || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return nullptr;
    return SSL_get0_peer_certificate(ssl_.get());
}

}  // namespace garde::net
