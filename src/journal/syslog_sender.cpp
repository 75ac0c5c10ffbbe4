// See syslog_sender.hpp.
#include "syslog_sender.hpp"

#include "garde/base/hash.hpp"
#include "garde/net/listener.hpp"

#include "ascii_json.hpp"

#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <linux/sockios.h>
#include <poll.h>
#include <span>
#include <sys/ioctl.h>
#include <system_error>

namespace garde::journal {
namespace {

/// How long a receiver that says nothing when garde leaves is listened to: long enough for its refusal to
/// come.
constexpr milliseconds goodbye_wait{500};
/// How often a limit that came nearer is noticed.
constexpr milliseconds look_interval{100};

std::string words(int code) {
    return std::error_code(code, std::generic_category()).message();
}

/// False when the limit is over first.
bool wait(const net::socket& on, short events, const push_limit& until) {
    for (;;) {
        const auto left = until.left();
        if (left.count() == 0) return false;
        pollfd one{.fd = on.native_handle(), .events = events, .revents = 0};
        const int got = ::poll(&one, 1, static_cast<int>(std::min(left, look_interval).count()));
        if (got > 0 || (got < 0 && errno != EINTR)) return true;
    }
}

/// 0, or the errno that says why not.
int connect(const net::socket& from, const net::endpoint& to, const push_limit& until) {
    const int begun = net::begin_connect(from, to);
    if (begun != EINPROGRESS) return begun;
    if (!wait(from, POLLOUT, until)) return ETIMEDOUT;
    int code = 0;
    socklen_t size = sizeof code;
    return ::getsockopt(from.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

/// What became of one call of OpenSSL.
enum class step : std::uint8_t {
    done,
    again,   ///< the socket is ready for it now
    late,    ///< the limit is over
    ended,   ///< the other side has closed
    failed,  ///< why is in OpenSSL's queue, or errno
};

step after(SSL* ssl, int returned, const net::socket& on, const push_limit& until) {
    if (returned > 0) return step::done;
    switch (SSL_get_error(ssl, returned)) {
        case SSL_ERROR_WANT_READ: return wait(on, POLLIN, until) ? step::again : step::late;
        case SSL_ERROR_WANT_WRITE: return wait(on, POLLOUT, until) ? step::again : step::late;
        case SSL_ERROR_ZERO_RETURN: return step::ended;
        case SSL_ERROR_SSL:
            return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? step::ended
                                                                                          : step::failed;
        default: return step::failed;
    }
}

std::unexpected<error> failure(SSL* ssl, std::string_view act, step why) {
    if (why == step::late) return fail(fmt::format("{}: no answer in time", act));
    if (why == step::ended) return fail(fmt::format("{}: the receiver has closed the connection", act));
    const int code = errno;
    const long verified = SSL_get_verify_result(ssl);
    const char* reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    if (verified != X509_V_OK)
        return fail(fmt::format("{}: its certificate is not to be trusted: {}", act,
                                X509_verify_cert_error_string(verified)));
    return fail(fmt::format("{}: {}", act, reason != nullptr ? std::string(reason) : words(code)));
}

/// Repeats `call` until it is done.
template <class Call>
step complete(SSL* ssl, const net::socket& on, const push_limit& until, Call call) {
    step now = step::again;
    while (now == step::again) {
        ERR_clear_error();
        now = after(ssl, call(), on, until);
    }
    return now;
}

/// Nothing is waiting to be acknowledged by the receiver's system.
bool all_arrived(const net::socket& on) {
    int waiting = 0;
    return ::ioctl(on.native_handle(), SIOCOUTQ, &waiting) == 0 && waiting == 0;
}

/// In TLS 1.3 a server refuses a client's certificate only after the client could send: its alert must be
/// waited for.
result<void> say_goodbye(SSL* ssl, const net::socket& on, const push_limit& until) {
    ERR_clear_error();
    (void)SSL_shutdown(ssl);
    std::array<char, 256> ignored{};
    const push_limit brief(std::chrono::steady_clock::now() + std::min(goodbye_wait, until.left()));
    step now = step::done;
    while (now == step::done)
        now = complete(ssl, on, brief,
                       [&] { return SSL_read(ssl, ignored.data(), static_cast<int>(ignored.size())); });
    if (now == step::ended) return {};
    if (now == step::failed) return failure(ssl, "the receiver has refused the messages", now);
    while (!all_arrived(on)) {
        if (until.over()) return fail("the receiver has not acknowledged what was sent");
        (void)wait(on, POLLIN, push_limit(std::chrono::steady_clock::now() + look_interval));
    }
    return {};
}

}  // namespace

/// Certificates and addresses are looked up anew each time, for they change. What was found last serves where
/// they cannot be: syslog is needed most when the disk with the certificates is dead.
result<syslog_sender::way> syslog_sender::find_way() {
    auto tls = net::tls_context::client(to_.ca, to_.client);
    auto addresses = net::resolve(to_.address);
    const std::lock_guard lock(mutex_);
    if (tls) known_.tls = std::make_shared<const net::tls_context>(std::move(*tls));
    if (addresses) known_.addresses = std::move(*addresses);
    if (!known_.tls) return std::unexpected(tls.error());
    if (known_.addresses.empty()) return std::unexpected(addresses.error());
    return known_;
}

result<void> syslog_sender::send(std::span<const std::string> frames, const push_limit& until) {
    const auto found = find_way();
    if (!found) return std::unexpected(found.error());
    net::socket on;
    int why = 0;
    for (const auto& one : found->addresses) {
        on = net::open_tcp(one);
        why = on.is_open() ? connect(on, one, until) : errno;
        if (why == 0) break;
    }
    if (why != 0)
        return fail(
            fmt::format("cannot connect to {}:{}: {}", to_.address.host, to_.address.port, words(why)));

    const net::ssl_ptr ssl = found->tls->connect_side(to_.address.host);
    if (!ssl || SSL_set_fd(ssl.get(), on.native_handle()) != 1) return fail("memory is short");
    if (const auto met = complete(ssl.get(), on, until, [&] { return SSL_do_handshake(ssl.get()); });
        met != step::done)
        return failure(ssl.get(), fmt::format("no TLS with {}", to_.address.host), met);
    std::string all;
    for (const auto& frame : frames) all += frame;
    for (std::string_view rest = all; !rest.empty();) {
        int written = 0;
        const auto put = complete(ssl.get(), on, until, [&] {
            return written = SSL_write(ssl.get(), rest.data(), static_cast<int>(rest.size()));
        });
        if (put != step::done) return failure(ssl.get(), "cannot send", put);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return say_goodbye(ssl.get(), on, until);
}

result<void> checkpoint_syslog::push(const signed_checkpoint& what, const push_limit& until) {
    const auto& head = what.what.head;
    const auto text = ascii_json(boost::json::object{
        {"origin", what.what.origin},
        {"size", head.size},
        {"root", to_base64({reinterpret_cast<const char*>(head.root.data()), head.root.size()})},
        {"checkpoint", what.note}});
    const std::array frames{syslog_frame(from_, syslog_kind::checkpoint, what.at, text)};
    return over_->send(frames, until);
}

}  // namespace garde::journal
