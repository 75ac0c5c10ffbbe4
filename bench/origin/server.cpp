// See server.hpp.
#include "server.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace origin {
namespace {

constexpr std::size_t large_bytes = std::size_t{1024} * 1024;
constexpr std::string_view date_form = "Thu, 01 Jan 1970 00:00:00 GMT";

std::unexpected<std::string> system_failure(const char* step) {
    return std::unexpected(std::string("cannot ") + step + ": " + std::strerror(errno));
}

/// Where the digits of the first `element` behind CareReceiver begin; npos without them.
std::size_t number_in(std::string_view text, std::string_view element) {
    const auto inside = text.find("<c:CareReceiver>");
    const auto at = inside == text.npos ? inside : text.find(element, inside);
    return at == text.npos ? at : at + element.size();
}

/// The patient's Ssin, and his registration with it: two patients of one number would be one to a proxy that
/// knows what they mean.
void copy_patient(std::string_view question, std::string& reply) {
    constexpr std::size_t digits = 11;
    constexpr std::size_t leading_zeros = 2;  // a registration has thirteen
    const auto from = number_in(question, "<c:Ssin>");
    const auto to = number_in(reply, "<c:Ssin>");
    const auto registration = number_in(reply, "<c:RegNrWithMut>");
    if (from == question.npos || to == reply.npos || registration == reply.npos) return;
    reply.replace(to, digits, question, from, digits);
    reply.replace(registration + leading_zeros, digits, question, from, digits);
}

}  // namespace

answer::answer(std::string_view content_type, std::string_view body) {
    bytes_ = "HTTP/1.1 200 OK\r\nServer: garde-origin\r\nDate: ";
    date_at_ = bytes_.size();
    bytes_ += date_form;
    bytes_ += "\r\nContent-Type: " + std::string(content_type) +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    bytes_ += body;
}

std::string_view answer::bytes() {
    if (const std::time_t now = std::time(nullptr); now != second_) {
        second_ = now;
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        std::array<char, date_form.size() + 1> text{};
        // The C locale's names: the program sets no other.
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
        bytes_.replace(date_at_, date_form.size(), text.data(), date_form.size());
    }
    return bytes_;
}

/// One proxy's connection.
class connection final : public bench::event_handler {
  public:
    connection(server& of, int descriptor, bench::ssl_ptr ssl)
        : server_(of),
          descriptor_(descriptor),
          stream_(descriptor, std::move(ssl)),
          reader_(bench::message_reader::absent_length::means_no_body,
                  of.whose_ == server::patient::of_the_question ? bench::message_reader::bodies::kept
                                                                : bench::message_reader::bodies::counted) {}

    void on_ready() override {
        if (!go_on()) server_.forget(descriptor_);  // and this is no more
    }

  private:
    /// False when the connection is to be closed.
    bool go_on() {
        if (!greeted_) {
            const bench::io done = stream_.handshake();
            if (done != bench::io::done) return done == bench::io::again;
            greeted_ = true;
        }
        for (;;) {
            // Not read on after the answer: the next request comes after it, and is announced.
            if (answering_ != nullptr) return write_on();
            std::size_t got = 0;
            const bench::io done = stream_.read(server_.buffer_, got);
            if (done != bench::io::done) return done == bench::io::again;
            const auto now = reader_.take({server_.buffer_.data(), got});
            if (now == bench::message_reader::progress::bad) return false;
            if (now == bench::message_reader::progress::complete) answer_it();
        }
    }

    void answer_it() {
        answering_ = &server_.answer_for(reader_.target());
        if (server_.whose_ == server::patient::of_the_question) {
            own_ = answering_->bytes();
            copy_patient(reader_.body(), own_);
        }
        written_ = 0;
    }

    [[nodiscard]] std::string_view bytes() const {
        return server_.whose_ == server::patient::of_the_question ? own_ : answering_->bytes();
    }

    /// False when the connection is to be closed.
    bool write_on() {
        while (written_ < answering_->size()) {
            std::size_t put = 0;
            const bench::io done = stream_.write(bytes().substr(written_), put);
            if (done == bench::io::again) return true;
            if (done != bench::io::done) return false;
            written_ += put;
        }
        answering_ = nullptr;
        const bool stays = reader_.keeps_connection();
        reader_.start();
        return stays;
    }

    server& server_;
    int descriptor_;
    bench::stream stream_;
    bench::message_reader reader_;
    bool greeted_ = false;
    answer* answering_ = nullptr;  ///< while its rest cannot be written
    std::string own_;              ///< what is written in its place, where it is about another patient
    std::size_t written_ = 0;
};

/// One listening socket.
class listening final : public bench::event_handler {
  public:
    listening(server& of, int descriptor, SSL_CTX* tls) : server_(of), descriptor_(descriptor), tls_(tls) {}
    ~listening() override { ::close(descriptor_); }

    void on_ready() override {
        for (;;) {
            const int descriptor = ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor < 0) return;
            server_.accepted(descriptor, tls_);
        }
    }

  private:
    server& server_;
    int descriptor_;
    SSL_CTX* tls_;
};

server::server(std::string_view reply, patient whose)
    : whose_(whose),
      reply_("text/xml; charset=utf-8", reply),
      large_("application/octet-stream", std::string(large_bytes, 'x')) {}

server::~server() = default;

std::expected<std::uint16_t, std::string> server::listen(SSL_CTX* tls) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return system_failure("open a socket");
    listeners_.push_back(std::make_unique<listening>(*this, descriptor, tls));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (::bind(descriptor, reinterpret_cast<sockaddr*>(&at), length) != 0) return system_failure("bind");
    if (::listen(descriptor, SOMAXCONN) != 0) return system_failure("listen");
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&at), &length) != 0)
        return system_failure("listen");
    if (!poller_.watch(descriptor, *listeners_.back())) return system_failure("watch a listener");
    return ntohs(at.sin_port);
}

void server::accepted(int descriptor, SSL_CTX* tls) {
    bench::ssl_ptr ssl;
    if (tls != nullptr) {
        ssl.reset(SSL_new(tls));
        SSL_set_accept_state(ssl.get());
    }
    auto made = std::make_unique<connection>(*this, descriptor, std::move(ssl));
    if (poller_.watch(descriptor, *made)) connections_.insert_or_assign(descriptor, std::move(made));
}

void server::forget(int descriptor) {
    connections_.erase(descriptor);
}

answer& server::answer_for(std::string_view target) {
    return target.ends_with("/large") ? large_ : reply_;
}

void server::run() {
    for (;;) poller_.wait(std::chrono::hours(1));
}

}  // namespace origin
