// Sending to a syslog receiver over real TLS: one that listens, one that says nothing, one that refuses, none
// at all.
#include "../../src/journal/syslog_sender.hpp"

#include "../support/loopback.hpp"
#include "../support/pki.hpp"
#include "../support/temporary_folder.hpp"
#include "checkpointing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>

namespace garde::journal {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

enum class manner : std::uint8_t {
    polite,     ///< answers close_notify
    silent,     ///< reads all, and leaves the connection open
    mute,       ///< accepts, and does not even speak TLS
    demanding,  ///< wants a client certificate
};

/// Serves one connection on a thread of its own.
class receiver {
  public:
    explicit receiver(manner how) : how_(how), thread_([this] { run(); }) {}
    ~receiver() {
        leave_.set_value();
        thread_.join();
    }
    receiver(const receiver&) = delete;
    receiver& operator=(const receiver&) = delete;

    [[nodiscard]] std::uint16_t port() const { return net::local_endpoint(listening_)->port(); }
    /// All that came, once the other side has said goodbye.
    std::string received() { return received_.get_future().get(); }

  private:
    struct free_openssl {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };

    void run() {
        pollfd one{.fd = listening_.native_handle(), .events = POLLIN, .revents = 0};
        if (::poll(&one, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1) return;
        const net::socket on(::accept4(listening_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
        if (how_ != manner::mute) serve(on);
        if (how_ == manner::mute || how_ == manner::silent) leave_.get_future().wait();
    }

    void serve(const net::socket& on) {
        const auto files = test::pki::shared().server();
        const std::unique_ptr<SSL_CTX, free_openssl> context(SSL_CTX_new(TLS_server_method()));
        SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str());
        SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
        if (how_ == manner::demanding)
            SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        SSL_CTX_load_verify_file(context.get(), test::pki::shared().ca().c_str());
        const std::unique_ptr<SSL, free_openssl> ssl(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), on.native_handle());
        if (SSL_accept(ssl.get()) != 1) return;
        std::string all;
        std::array<char, 4096> piece{};
        for (int got = 1; got > 0;) {
            got = SSL_read(ssl.get(), piece.data(), piece.size());
            if (got > 0) all.append(piece.data(), static_cast<std::size_t>(got));
        }
        if (how_ != manner::silent) SSL_shutdown(ssl.get());
        received_.set_value(all);
    }

    const manner how_;
    net::socket listening_ = test::listening_socket();
    std::promise<std::string> received_;
    std::promise<void> leave_;
    std::thread thread_;
};

struct syslog_sender_test : testing::Test {
    const std::vector<std::string> frames{"5 <1>1 ", "3 abc"};

    syslog_sender_test() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does

    static config::syslog_settings at(std::uint16_t port) {
        return {.address = {.host = "127.0.0.1", .port = port},
                .ca = test::pki::shared().ca(),
                .client = std::nullopt};
    }
    [[nodiscard]] result<void> send(config::syslog_settings to, milliseconds within = patience) const {
        syslog_sender sender(std::move(to));
        return sender.send(frames, push_limit(std::chrono::steady_clock::now() + within));
    }
    static std::string why(const result<void>& became) {
        return became ? "it worked" : became.error().message;
    }
};

TEST_F(syslog_sender_test, all_frames_arrive_in_one_connection) {
    receiver there(manner::polite);
    EXPECT_EQ(why(send(at(there.port()))), "it worked");
    EXPECT_EQ(there.received(), "5 <1>1 3 abc");
}

TEST_F(syslog_sender_test, a_receiver_need_not_say_goodbye) {
    receiver there(manner::silent);
    EXPECT_EQ(why(send(at(there.port()))), "it worked");
    EXPECT_EQ(there.received(), "5 <1>1 3 abc");
}

TEST_F(syslog_sender_test, a_receiver_that_hangs_ends_with_the_limit) {
    receiver there(manner::mute);
    EXPECT_EQ(why(send(at(there.port()), 50ms)), "no TLS with 127.0.0.1: no answer in time");
}

TEST_F(syslog_sender_test, garde_shows_its_certificate) {
    receiver there(manner::demanding);
    auto to = at(there.port());
    to.client = test::pki::shared().client();
    EXPECT_EQ(why(send(to)), "it worked");
    EXPECT_EQ(there.received(), "5 <1>1 3 abc");
}

TEST_F(syslog_sender_test, a_receiver_that_refuses_garde_is_noticed) {
    receiver there(manner::demanding);
    EXPECT_THAT(why(send(at(there.port()))),
                AnyOf(StartsWith("the receiver has refused"), StartsWith("cannot send")));
}

TEST_F(syslog_sender_test, a_receiver_that_is_not_trusted_gets_nothing) {
    receiver there(manner::polite);
    auto to = at(there.port());
    to.ca = test::pki::shared().other_ca();
    EXPECT_THAT(why(send(to)), HasSubstr("not to be trusted"));
}

TEST_F(syslog_sender_test, nobody_there) {
    const auto nowhere = test::closed_port();
    EXPECT_THAT(why(send(at(nowhere.port()))), HasSubstr("cannot connect to 127.0.0.1:"));
    const test::black_hole hole;
    EXPECT_THAT(why(send(at(hole.address().port()), 50ms)), HasSubstr("timed out"));
}

TEST_F(syslog_sender_test, certificates_that_cannot_be_read_now_serve_as_they_were) {
    const test::temporary_folder folder;
    const auto ca = folder.path() / "ca.pem";
    std::filesystem::copy_file(test::pki::shared().ca(), ca);
    receiver first(manner::polite);
    auto to = at(first.port());
    to.ca = ca;
    syslog_sender sender(to);
    const push_limit until(std::chrono::steady_clock::now() + patience);
    ASSERT_EQ(why(sender.send(frames, until)), "it worked");
    std::filesystem::remove(ca);
    // Nobody accepts any more: it is not the certificate that stands in the way.
    const push_limit brief(std::chrono::steady_clock::now() + 50ms);
    EXPECT_THAT(why(sender.send(frames, brief)), HasSubstr("no answer in time"));
    EXPECT_THAT(why(send(to)), HasSubstr("CA file")) << "who has never read it says so";
}

}  // namespace
}  // namespace garde::journal
