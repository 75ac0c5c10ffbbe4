// See client.hpp.
#include "client.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace load {
namespace {

std::string system_failure(const char* step) {
    return std::string("cannot ") + step + ": " + std::strerror(errno);
}

/// OpenSSL's callback for a new ticket: 1 takes the session over.
int keep_session(SSL* ssl, SSL_SESSION* session) {
    static_cast<client*>(SSL_get_app_data(ssl))->keep_ticket(bench::session_ptr(session));
    return 1;
}

}  // namespace

void client::open(steady_time intended) {
    intended_ = intended;
    phase_ = phase::opening;
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return lose(system_failure("open a socket"));
    bench::ssl_ptr ssl(SSL_new(to_.tls));
    SSL_set_connect_state(ssl.get());
    SSL_set_tlsext_host_name(ssl.get(), "localhost");
    SSL_set_app_data(ssl.get(), this);
    if (session_) SSL_set_session(ssl.get(), session_.get());
    stream_.emplace(descriptor, std::move(ssl));
    if (!bind_to_source(descriptor)) return lose(system_failure("bind a socket to its caller's address"));
    const auto* address = reinterpret_cast<const sockaddr*>(&to_.address);
    if (::connect(descriptor, address, sizeof to_.address) != 0 && errno != EINPROGRESS)
        return lose(system_failure("connect"));
    // Told at once when the connection is there, as it is writable then.
    if (!to_.poller.watch(descriptor, *this)) return lose(system_failure("watch a socket"));
}

bool client::bind_to_source(int descriptor) const {
    if (source_.s_addr == htonl(INADDR_ANY)) return true;
    // The port is chosen when it connects: only then are source and destination together to be unique.
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr = source_;
    return ::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
}

void client::ask(std::uint64_t index, steady_time intended) {
    intended_ = intended;
    index_ = index;
    phase_ = phase::asking;
    reader_.start();
    const std::string_view question = to_.write(index);
    std::size_t put = 0;
    const bench::io done = stream_->write(question, put);
    if (done == bench::io::failed || done == bench::io::ended) return lose("cannot write to the server");
    rest_.assign(question.substr(put));
}

void client::on_ready() {
    if (!stream_) return;  // closed since the event came
    if (phase_ == phase::opening) {
        const bench::io done = stream_->handshake();
        if (done == bench::io::again) return;
        if (done != bench::io::done) return lose("the TLS handshake failed");
        phase_ = phase::waiting;
        tell_.opened(*this);
        if (!stream_) return;
    }
    if (!rest_.empty()) write_on();
    if (stream_) read_on();
}

void client::write_on() {
    while (!rest_.empty()) {
        std::size_t put = 0;
        const bench::io done = stream_->write(rest_, put);
        if (done == bench::io::again) return;
        if (done != bench::io::done) return lose("cannot write to the server");
        rest_.erase(0, put);
    }
}

void client::read_on() {
    static std::array<char, std::size_t{64} * 1024> buffer;
    for (;;) {
        std::size_t got = 0;
        const bench::io done = stream_->read(buffer, got);
        if (done == bench::io::again) return;
        const bool idle = phase_ == phase::waiting;
        if (done == bench::io::ended)
            return lose(idle ? "" : "the server closed the connection before its answer");
        if (done != bench::io::done) return lose("the connection broke");
        if (idle) return lose("the server sent what was not asked for");
        const auto now = reader_.take({buffer.data(), got});
        if (now == bench::message_reader::progress::bad)
            return lose("the answer is no HTTP that says where it ends");
        if (now == bench::message_reader::progress::more) continue;
        // Not read on: nothing comes until the next question, and what comes nevertheless is announced.
        return check_answer();
    }
}

void client::check_answer() {
    if (const auto wrong = to_.check(reader_); !wrong.empty()) return lose(wrong);
    phase_ = phase::waiting;
    const bool stays = reader_.keeps_connection();
    tell_.answered(*this);
    if (!stays && phase_ == phase::waiting) lose("");
}

void client::lose(std::string_view why) {
    const std::string said(why);
    const phase was = phase_;
    close();
    tell_.lost(*this, was, said);
}

void client::close() {
    rest_.clear();
    stream_.reset();
    phase_ = phase::closed;
}

std::expected<bench::context_ptr, std::string> client_tls(tickets resume) {
    auto context = bench::client_context();
    if (context && resume == tickets::used) SSL_CTX_sess_set_new_cb(context->get(), keep_session);
    return context;
}

}  // namespace load
