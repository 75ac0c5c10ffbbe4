// See stream.hpp.
#include "bench/common/stream.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

/// A whole record and its header, so that one receive fetches it.
constexpr std::size_t record_bytes = std::size_t{17} * 1024;

std::string openssl_reason() {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

std::expected<context_ptr, std::string> make_context(const SSL_METHOD* method) {
    context_ptr context(SSL_CTX_new(method));
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_256_GCM_SHA384") != 1 ||
        SSL_CTX_set1_groups_list(context.get(), "X25519") != 1)
        return std::unexpected("cannot make a TLS context: " + openssl_reason());
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context.get(), record_bytes);
    return context;
}

bool would_block(int code) {
    return code == EAGAIN || code == EWOULDBLOCK;
}

}  // namespace

void ssl_deleter::operator()(SSL* ssl) const {
    SSL_free(ssl);
}
void ssl_deleter::operator()(SSL_CTX* context) const {
    SSL_CTX_free(context);
}
void ssl_deleter::operator()(SSL_SESSION* session) const {
    SSL_SESSION_free(session);
}

std::expected<context_ptr, std::string> client_context() {
    auto context = make_context(TLS_client_method());
    if (context) {
        SSL_CTX_set_verify(context->get(), SSL_VERIFY_NONE, nullptr);
        SSL_CTX_set_session_cache_mode(context->get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    }
    return context;
}

std::expected<void, std::string> show_certificate(SSL_CTX* context, const std::string& certificate,
                                                  const std::string& key) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        return std::unexpected("cannot use certificate " + certificate + ": " + openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return std::unexpected("cannot use key " + key + ": " + openssl_reason());
    return {};
}

std::expected<context_ptr, std::string> server_context(const std::string& certificate,
                                                       const std::string& key) {
    auto context = make_context(TLS_server_method());
    if (!context) return context;
    if (auto shown = show_certificate(context->get(), certificate, key); !shown)
        return std::unexpected(shown.error());
    SSL_CTX_set_session_cache_mode(context->get(), SSL_SESS_CACHE_OFF);  // tickets only
    return context;
}

stream::stream(int descriptor, ssl_ptr ssl) : descriptor_(descriptor), ssl_(std::move(ssl)) {
    const int on = 1;
    ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (ssl_) SSL_set_fd(ssl_.get(), descriptor_);
}

stream::~stream() {
    if (ssl_ && SSL_is_init_finished(ssl_.get()) == 1) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::close(descriptor_);
}

io stream::after_tls(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE: return io::again;
        case SSL_ERROR_ZERO_RETURN: return io::ended;
        default: return io::failed;
    }
}

io stream::handshake() {
    if (!ssl_) return io::done;
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    return done == 1 ? io::done : after_tls(done);
}

io stream::read(std::span<char> into, std::size_t& got) {
    if (ssl_) {
        ERR_clear_error();
        const int done = SSL_read_ex(ssl_.get(), into.data(), into.size(), &got);
        return done == 1 ? io::done : after_tls(done);
    }
    const ssize_t done = ::recv(descriptor_, into.data(), into.size(), 0);
    if (done < 0) return would_block(errno) ? io::again : io::failed;
    got = static_cast<std::size_t>(done);
    return done == 0 ? io::ended : io::done;
}

io stream::write(std::string_view data, std::size_t& put) {
    if (ssl_) {
        ERR_clear_error();
        const int done = SSL_write_ex(ssl_.get(), data.data(), data.size(), &put);
        return done == 1 ? io::done : after_tls(done);
    }
    const ssize_t done = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (done < 0) return would_block(errno) ? io::again : io::failed;
    put = static_cast<std::size_t>(done);
    return io::done;
}

bool stream::resumed() const {
    return ssl_ && SSL_session_reused(ssl_.get()) == 1;
}

}  // namespace bench
