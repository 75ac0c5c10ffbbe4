// The simulated kernel is compared with the real one: each of these runs on both.
#include "kernel.hpp"

#include "../support/loopback.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace garde::sim {
namespace {

enum class where : std::uint8_t { simulated, real };

/// A connection, a or b of which is watched as garde's loop watches.
struct both_kernels : testing::TestWithParam<where> {
    std::optional<kernel> simulated;
    net::socket listening;
    net::socket a;
    net::socket b;
    net::socket watch;

    void SetUp() override {
        if (GetParam() == where::simulated) simulated.emplace(7);
        listening = test::listening_socket();
        watch = net::socket(::epoll_create1(EPOLL_CLOEXEC));
    }
    void TearDown() override {
        for (auto* one : {&a, &b, &listening, &watch}) one->close();
        EXPECT_EQ(simulated ? simulated->open_descriptors() : 0U, 0U);
    }

    /// Lets time pass until it is so.
    void until(const std::function<bool()>& so) const {
        for (int i = 0; i < 5'000; ++i) {
            if (so()) return;
            if (!simulated) {
                ::poll(nullptr, 0, 1);
                continue;
            }
            kernel::active()->move_to(kernel::active()->next_event().value_or(kernel::active()->now()));
            kernel::active()->run_due();
        }
        ADD_FAILURE() << "it does not come to this";
    }
    void connect() {
        const auto at = *net::local_endpoint(listening);
        a = net::open_tcp(at);
        (void)net::begin_connect(a, at);
        until([&] {
            if (!b.is_open())
                b = net::socket(
                    ::accept4(listening.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            return b.is_open() && net::remote_endpoint(a).has_value();
        });
    }
    void watch_for(const net::socket& what) const {
        epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                           .data = {.fd = what.native_handle()}};
        ASSERT_EQ(::epoll_ctl(watch.native_handle(), EPOLL_CTL_ADD, what.native_handle(), &wanted), 0);
    }
    /// What is told now; 0 when nothing.
    [[nodiscard]] std::uint32_t told() const {
        epoll_event out{};
        return ::epoll_wait(watch.native_handle(), &out, 1, 0) == 1 ? out.events : 0;
    }
    /// Waits for it.
    void told_at_last(std::uint32_t expected) const {
        std::uint32_t seen = 0;
        until([&] {
            const std::uint32_t now = told();
            if (now != 0) seen = now;
            return seen == expected;
        });
        EXPECT_EQ(seen, expected);
    }
    static std::string receive(const net::socket& from) {
        std::array<char, 64> into{};
        const ssize_t got = ::recv(from.native_handle(), into.data(), into.size(), 0);
        return got >= 0 ? std::string(into.data(), static_cast<std::size_t>(got)) : std::string("error");
    }
    static ssize_t send(const net::socket& to, std::string_view text) {
        return ::send(to.native_handle(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    static int error_of(const net::socket& of) {
        int code = 0;
        socklen_t size = sizeof code;
        ::getsockopt(of.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size);
        return code;
    }
};

TEST_P(both_kernels, a_new_connection_may_be_written_to) {
    connect();
    watch_for(a);
    told_at_last(EPOLLOUT);
    EXPECT_EQ(told(), 0U);  // once is enough
    EXPECT_EQ(receive(a), "error");
    EXPECT_EQ(errno, EAGAIN);
}

TEST_P(both_kernels, what_arrives_is_told_once) {
    connect();
    watch_for(a);
    told_at_last(EPOLLOUT);
    EXPECT_EQ(send(b, "hello"), 5);
    told_at_last(EPOLLIN | EPOLLOUT);
    EXPECT_EQ(told(), 0U);
    EXPECT_EQ(receive(a), "hello");
}

TEST_P(both_kernels, a_peer_that_has_said_all_is_told_and_read_as_the_end) {
    connect();
    watch_for(a);
    told_at_last(EPOLLOUT);
    EXPECT_EQ(send(b, "bye"), 3);
    EXPECT_EQ(::shutdown(b.native_handle(), SHUT_WR), 0);
    told_at_last(EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    EXPECT_EQ(receive(a), "bye");
    EXPECT_EQ(receive(a), "");
    EXPECT_EQ(send(a, "still here"), 10);
}

TEST_P(both_kernels, who_writes_to_one_who_has_left_is_reset) {
    connect();
    watch_for(a);
    told_at_last(EPOLLOUT);
    b.close();
    told_at_last(EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    EXPECT_EQ(send(a, "hello"), 5);
    told_at_last(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    EXPECT_EQ(error_of(a), EPIPE);
    EXPECT_EQ(send(a, "hello"), -1);
    EXPECT_EQ(errno, EPIPE);
    EXPECT_EQ(receive(a), "");
}

TEST_P(both_kernels, who_leaves_without_reading_resets) {
    connect();
    watch_for(b);
    told_at_last(EPOLLOUT);
    EXPECT_EQ(send(a, "hello"), 5);
    told_at_last(EPOLLIN | EPOLLOUT);
    watch_for(a);
    told_at_last(EPOLLOUT);
    b.close();
    told_at_last(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    EXPECT_EQ(receive(a), "error");
    EXPECT_EQ(errno, ECONNRESET);
    EXPECT_EQ(receive(a), "");
}

TEST_P(both_kernels, a_port_without_listener_refuses) {
    const auto nowhere = *net::local_endpoint(listening);
    listening.close();
    a = net::open_tcp(nowhere);
    int refused = net::begin_connect(a, nowhere);
    if (refused == EINPROGRESS) {
        watch_for(a);
        until([&] { return told() != 0; });
        refused = error_of(a);
    }
    EXPECT_EQ(refused, ECONNREFUSED);
}

TEST_P(both_kernels, who_sends_more_than_is_read_is_told_when_there_is_room) {
    connect();
    watch_for(a);
    told_at_last(EPOLLOUT);
    const std::string much(100'000, 'x');
    std::size_t sent = 0;
    until([&] {  // the real one moves its window as it delivers
        const ssize_t put = send(a, much);
        if (put > 0) sent += static_cast<std::size_t>(put);
        return put < 0 && errno == EAGAIN;
    });
    EXPECT_GT(sent, 0U);
    std::size_t got = 0;
    std::uint32_t room = 0;
    until([&] {
        std::string into(65'536, '\0');
        const ssize_t read = ::recv(b.native_handle(), into.data(), into.size(), 0);
        if (read > 0) got += static_cast<std::size_t>(read);
        room |= told();
        return got == sent && (room & EPOLLOUT) != 0;
    });
}

TEST_P(both_kernels, looking_takes_nothing) {
    connect();
    EXPECT_EQ(send(b, "hello"), 5);
    char byte = 0;
    until([&] { return ::recv(a.native_handle(), &byte, 1, MSG_PEEK) == 1; });
    EXPECT_EQ(byte, 'h');
    EXPECT_EQ(receive(a), "hello");
}

TEST_P(both_kernels, a_descriptor_that_was_closed_is_given_again) {
    const net::socket first = net::open_tcp(test::loopback(1));
    net::socket second = net::open_tcp(test::loopback(1));
    const int number = second.native_handle();
    second.close();
    const net::socket third = net::open_tcp(test::loopback(1));
    EXPECT_EQ(third.native_handle(), number);
}

TEST_P(both_kernels, each_write_to_an_eventfd_is_told) {
    const net::socket wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.fd = wake.native_handle()}};
    ASSERT_EQ(::epoll_ctl(watch.native_handle(), EPOLL_CTL_ADD, wake.native_handle(), &wanted), 0);
    EXPECT_EQ(told(), 0U);
    const std::uint64_t one = 1;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(::write(wake.native_handle(), &one, sizeof one), ssize_t{sizeof one});
        EXPECT_EQ(told(), std::uint32_t{EPOLLIN});
        EXPECT_EQ(told(), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(kernel, both_kernels, testing::Values(where::simulated, where::real),
                         [](const auto& info) {
                             return info.param == where::simulated ? "simulated" : "real";
                         });

/// What only the simulated one lets a test do.
struct network : testing::Test {
    kernel in{1};
    net::socket listening = test::listening_socket();
    net::socket a;

    std::uint16_t port() const { return net::local_endpoint(listening)->port(); }
    void begin() {
        a = net::open_tcp(test::loopback(port()));
        EXPECT_EQ(net::begin_connect(a, test::loopback(port())), EINPROGRESS);
    }
    void pass(moment time) {
        const moment end = in.now() + time;
        while (in.next_event().value_or(end) < end) {
            in.move_to(*in.next_event());
            in.run_due();
        }
        in.move_to(end);
    }
    net::socket accept() const {
        return net::socket(::accept4(listening.native_handle(), nullptr, nullptr, SOCK_NONBLOCK));
    }
};

TEST_F(network, who_is_swallowed_knocks_again) {
    in.path(0, port()).frozen_until = in.now() + std::chrono::milliseconds(2'500);
    begin();
    pass(std::chrono::milliseconds(2'900));
    EXPECT_FALSE(accept().is_open());
    pass(std::chrono::seconds(1));  // the third knock, three seconds after the first
    EXPECT_TRUE(accept().is_open());
}

TEST_F(network, who_is_swallowed_for_good_gives_up_after_two_minutes) {
    in.path(0, port()).frozen_until = in.now() + std::chrono::hours(1);
    begin();
    pass(std::chrono::seconds(126));
    EXPECT_EQ(both_kernels::error_of(a), 0);
    pass(std::chrono::seconds(2));
    EXPECT_EQ(both_kernels::error_of(a), ETIMEDOUT);
}

TEST_F(network, bytes_come_in_pieces_and_in_order) {
    in.path(0, port()).most_segment = 3;
    begin();
    pass(std::chrono::milliseconds(10));
    const net::socket b = accept();
    const std::string text = "the quick brown fox jumps over the lazy dog";
    EXPECT_EQ(both_kernels::send(a, text), static_cast<ssize_t>(text.size()));
    std::string got;
    int pieces = 0;
    for (int i = 0; i < 1'000 && got.size() < text.size(); ++i) {
        pass(std::chrono::microseconds(1));
        const std::string piece = both_kernels::receive(b);
        if (piece == "error") continue;
        got += piece;
        ++pieces;
    }
    EXPECT_EQ(got, text);
    EXPECT_GT(pieces, 3);
}

TEST_F(network, a_cut_connection_breaks_behind_a_part) {
    in.path(0, port()).cut_after = 10;
    begin();
    pass(std::chrono::milliseconds(10));
    const net::socket b = accept();
    EXPECT_EQ(both_kernels::send(b, std::string(50, 'x')), 50);
    pass(std::chrono::milliseconds(10));
    EXPECT_EQ(both_kernels::error_of(a), ECONNRESET);
    EXPECT_LE(both_kernels::receive(a).size(), 10U);
}

TEST_F(network, a_cut_that_is_taken_back_spares_the_connection) {
    in.path(0, port()).cut_after = 10;
    begin();
    pass(std::chrono::milliseconds(10));
    const net::socket b = accept();
    in.path(0, port()).cut_after.reset();
    EXPECT_EQ(both_kernels::send(b, std::string(50, 'x')), 50);
    pass(std::chrono::milliseconds(10));
    EXPECT_EQ(both_kernels::receive(a).size(), 50U);
}

TEST_F(network, clocks_go_apart) {
    const auto steady = std::chrono::steady_clock::now();
    const auto wall = std::chrono::system_clock::now();
    pass(std::chrono::seconds(5));
    in.jump_wall(-std::chrono::hours(1));
    EXPECT_EQ(std::chrono::steady_clock::now() - steady, std::chrono::seconds(5));
    EXPECT_EQ(std::chrono::system_clock::now() - wall, std::chrono::seconds(5) - std::chrono::hours(1));
    EXPECT_EQ(::time(nullptr), std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

}  // namespace
}  // namespace garde::sim
