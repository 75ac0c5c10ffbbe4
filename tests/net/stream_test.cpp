// Connections, plain and TLS: reading, writing, how they end, and deadlines.
#include "garde/net/stream.hpp"

#include "tls_pair.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <sys/socket.h>
#include <thread>

namespace garde::net {
namespace {

using test::in;
using test::run;
using test::run_both;
using testing::HasSubstr;
using testing_support::client_context;
using testing_support::plain_pair;
using testing_support::read_all;
using testing_support::read_exactly;
using testing_support::server_context;
using testing_support::shaken_tls_pair;
using testing_support::stream_pair;
using namespace std::chrono_literals;

/// What must hold for plain connections and for TLS.
enum class kind : std::uint8_t { plain, tls };

class any_stream : public testing::TestWithParam<kind> {
  protected:
    event_loop loop;
    stream_pair pair = GetParam() == kind::tls ? shaken_tls_pair(loop) : plain_pair(loop);
    stream& client = *pair.client;
    stream& server = *pair.server;

    io_result read(stream& from) { return run(loop, from.read_some(buffer_)); }

  private:
    std::string buffer_ = std::string(4096, '\0');
};

INSTANTIATE_TEST_SUITE_P(streams, any_stream, testing::Values(kind::plain, kind::tls),
                         [](const auto& info) { return info.param == kind::tls ? "tls" : "plain"; });

task<io_status> write_and_close(stream& to, std::string_view text) {
    const io_status out = co_await to.write_all(text);
    to.close();
    co_return out;
}

TEST_P(any_stream, carries_bytes_both_ways) {
    EXPECT_EQ(run_both(loop, client.write_all("question"), read_exactly(server, 8)).second, "question");
    EXPECT_EQ(run_both(loop, server.write_all("answer"), read_exactly(client, 6)).second, "answer");
}

TEST_P(any_stream, a_proper_end_is_eof) {
    std::string text;
    EXPECT_EQ(run_both(loop, write_and_close(server, "bye"), read_all(client, text)).second, io_status::eof);
    EXPECT_EQ(text, "bye");
}

TEST_P(any_stream, a_broken_connection_is_a_reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(::setsockopt(const_cast<socket&>(server.descriptor()).native_handle(), SOL_SOCKET, SO_LINGER,
                           &at_once, sizeof at_once),
              0);
    pair.server.reset();
    EXPECT_EQ(read(client).status, io_status::reset);
}

TEST_P(any_stream, a_large_write_to_a_slow_reader_arrives_whole) {
    std::string large(4'000'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 + i / 251);
    std::string text;
    // From server to client: a client that closes with the server's session ticket unread resets the
    // connection.
    const auto [written, ended] =
        run_both(loop, write_and_close(server, large), read_all(client, text, 1'000));
    EXPECT_EQ(written, io_status::ok);
    EXPECT_EQ(ended, io_status::eof);
    EXPECT_TRUE(text == large);
}

TEST_P(any_stream, writing_nothing_is_ok) {
    EXPECT_EQ(run(loop, client.write_all("")), io_status::ok);
}

TEST_P(any_stream, writing_to_one_who_has_gone_fails) {
    pair.server.reset();
    const std::string large(4'000'000, 'x');
    EXPECT_EQ(run(loop, client.write_all(large)), io_status::reset);
}

// --- deadlines ---

TEST_P(any_stream, a_read_ends_at_its_deadline) {
    const steady_time due = in(20ms);
    client.expires_at(due);
    EXPECT_EQ(read(client).status, io_status::timed_out);
    EXPECT_GE(std::chrono::steady_clock::now(), due);
}

TEST_P(any_stream, a_write_ends_at_its_deadline_when_nobody_reads) {
    client.expires_at(in(20ms));
    const std::string large(40'000'000, 'x');
    EXPECT_EQ(run(loop, client.write_all(large)), io_status::timed_out);
}

TEST_P(any_stream, after_the_deadline_later_waits_end_too) {
    client.expires_at(in(10ms));
    EXPECT_EQ(read(client).status, io_status::timed_out);
    EXPECT_EQ(read(client).status, io_status::timed_out);
}

TEST_P(any_stream, a_new_deadline_counts_from_then_on) {
    client.expires_at(in(10ms));
    EXPECT_EQ(read(client).status, io_status::timed_out);
    client.expires_at(in(10s));
    EXPECT_EQ(run_both(loop, server.write_all("late"), read_exactly(client, 4)).second, "late");
}

TEST_P(any_stream, without_a_deadline_the_old_one_is_forgotten) {
    client.expires_at(in(10ms));
    client.never_expires();
    deadline later(loop.wheel(), [this] { server.close(); });
    later.set(in(40ms));
    EXPECT_EQ(read(client).status, io_status::eof);
}

// --- cancelling ---

TEST_P(any_stream, cancelling_ends_the_waiting_read_and_each_later_wait) {
    deadline soon(loop.wheel(), [this] { client.cancel(); });
    soon.set(in(5ms));
    EXPECT_EQ(read(client).status, io_status::cancelled);
    EXPECT_EQ(read(client).status, io_status::cancelled);
    client.expires_at(in(10s));
    EXPECT_EQ(read(client).status, io_status::cancelled);
}

TEST_P(any_stream, cancelling_ends_a_write_that_waits) {
    deadline soon(loop.wheel(), [this] { client.cancel(); });
    soon.set(in(5ms));
    const std::string large(40'000'000, 'x');
    EXPECT_EQ(run(loop, client.write_all(large)), io_status::cancelled);
}

TEST_P(any_stream, may_be_destroyed_with_a_deadline_running) {
    client.expires_at(in(10ms));
    pair.client.reset();
    EXPECT_TRUE(loop.wheel().empty());
}

// --- reading without waiting ---

TEST_P(any_stream, what_is_there_is_read_without_waiting) {
    std::array<char, 16> into{};
    EXPECT_EQ(client.read_announced(into).status, io_status::ok);
    EXPECT_EQ(client.read_announced(into).bytes, 0U);
    run(loop, server.write_all("xyz"));
    test::settle(loop);
    EXPECT_EQ(client.read_announced(into).bytes, 3U);
    server.close();
    test::settle(loop);
    EXPECT_EQ(client.read_announced(into).status, io_status::eof);
}

// --- idle connections ---

TEST_P(any_stream, an_idle_connection_is_neither_readable_nor_closed) {
    run_both(loop, server.write_all("x"), read_exactly(client, 1));
    EXPECT_FALSE(client.readable_or_closed());
}

TEST_P(any_stream, what_came_out_of_turn_shows) {
    run_both(loop, server.write_all("x"), read_exactly(client, 1));
    run(loop, server.write_all("y"));
    EXPECT_TRUE(client.readable_or_closed());
}

TEST_P(any_stream, a_closed_connection_shows) {
    run_both(loop, server.write_all("x"), read_exactly(client, 1));
    server.close();
    EXPECT_TRUE(client.readable_or_closed());
}

TEST_P(any_stream, what_came_out_of_turn_with_what_was_read_shows) {
    // In one TLS record: the kernel has nothing left, OpenSSL has.
    run_both(loop, server.write_all("xy"), read_exactly(client, 1));
    EXPECT_TRUE(client.readable_or_closed());
}

// --- refusing while the peer still sends ---

task<io_status> answer_and_refuse(stream& to) {
    to.expires_at(in(10s));
    const io_status out = co_await to.write_all("refused");
    co_await to.close_after_refusal();
    co_return out;
}

task<io_status> read_and_close(stream& from, std::string& text) {
    const io_status out = co_await read_all(from, text);
    from.close();
    co_return out;
}

task<io_status> send_then_read(stream& over, std::string& answer) {
    const std::string large(1'000'000, 'x');
    co_await over.write_all(large);
    co_return co_await read_and_close(over, answer);
}

TEST_P(any_stream, a_refusal_reaches_a_peer_that_is_still_sending) {
    std::string answer;
    const auto [written, ended] = run_both(loop, answer_and_refuse(server), send_then_read(client, answer));
    EXPECT_EQ(written, io_status::ok);
    EXPECT_EQ(ended, io_status::eof);
    EXPECT_EQ(answer, "refused");
}

task<> refuse_until(stream& peer, steady_time limit) {
    peer.expires_at(limit);
    co_await peer.close_after_refusal();
}

TEST_P(any_stream, a_peer_that_never_ends_is_closed_at_the_deadline) {
    run(loop, refuse_until(server, in(20ms)));
    EXPECT_TRUE(client.readable_or_closed());
}

TEST(stream, a_peer_that_never_stops_sending_does_not_hold_the_loop) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    const int descriptor = const_cast<socket&>(pair.client->descriptor()).native_handle();
    std::atomic<bool> over = false;
    std::jthread floods([&] {
        const std::string large(1'000'000, 'x');
        const auto give_up = in(test::patience);
        while (!over && std::chrono::steady_clock::now() < give_up)
            (void)::send(descriptor, large.data(), large.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    });
    const auto began = std::chrono::steady_clock::now();
    run(loop, refuse_until(*pair.server, in(50ms)));
    over = true;
    EXPECT_LT(std::chrono::steady_clock::now() - began, test::patience / 2);
}

// --- TLS only ---

TEST(tls_stream, an_end_without_close_notify_is_a_reset) {
    event_loop loop;
    stream_pair pair = shaken_tls_pair(loop);
    std::string text;
    ASSERT_EQ(run_both(loop, pair.server->write_all("cut"), read_exactly(*pair.client, 3)).second, "cut");
    pair.server.reset();  // closes the descriptor and says nothing
    EXPECT_EQ(run(loop, read_all(*pair.client, text)), io_status::reset);
}

TEST(tls_stream, records_that_were_tampered_with_are_an_error) {
    event_loop loop;
    stream_pair pair = shaken_tls_pair(loop);
    const std::string garbage = "\x17\x03\x03" + std::string("\x00\x20", 2) + std::string(32, 'x');
    pair.server->send_plain(garbage);
    std::string text;
    EXPECT_EQ(run(loop, read_all(*pair.client, text)), io_status::tls_error);
}

TEST(tls_stream, a_handshake_ends_at_its_deadline) {
    event_loop loop;
    stream_pair pair(loop, client_context().connect_side(test::server_name), server_context().accept_side());
    pair.server->expires_at(in(20ms));
    EXPECT_EQ(run(loop, pair.server->handshake()), io_status::timed_out);
}

TEST(tls_stream, a_peer_that_leaves_in_mid_handshake_is_a_reset) {
    event_loop loop;
    stream_pair pair(loop, nullptr, server_context().accept_side());
    pair.client->close();
    EXPECT_EQ(run(loop, pair.server->handshake()), io_status::reset);
}

TEST(tls_stream, a_plain_stream_needs_no_handshake) {
    event_loop loop;
    stream_pair pair = plain_pair(loop);
    EXPECT_EQ(run(loop, pair.client->handshake()), io_status::ok);
    EXPECT_FALSE(pair.client->is_tls());
    EXPECT_EQ(pair.client->peer_certificate(), nullptr);
}

TEST(tls_stream, plain_http_is_recognised_and_can_be_told) {
    event_loop loop;
    for (const auto* request : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\nHost: x\r\n\r\n"}) {
        stream_pair pair(loop, nullptr, server_context().accept_side());
        run(loop, pair.client->write_all(request));
        EXPECT_EQ(run(loop, pair.server->handshake()), io_status::tls_error);
        EXPECT_TRUE(pair.server->peer_spoke_plain_http());
        pair.server->send_plain("HTTP/1.1 400 Bad Request\r\n\r\n");
        std::string text;
        run_both(loop, answer_and_refuse(*pair.server), read_and_close(*pair.client, text));
        EXPECT_THAT(text, HasSubstr("400 Bad Request"));
    }
}

TEST(tls_stream, other_garbage_is_not_taken_for_http) {
    event_loop loop;
    stream_pair pair(loop, nullptr, server_context().accept_side());
    run(loop, pair.client->write_all("SSH-2.0-OpenSSH_9.2\r\n"));
    EXPECT_EQ(run(loop, pair.server->handshake()), io_status::tls_error);
    EXPECT_FALSE(pair.server->peer_spoke_plain_http());
}

}  // namespace
}  // namespace garde::net
