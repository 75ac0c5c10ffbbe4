// Sockets that listen: taken over from others, shared, and closed without losing who is in the queue.
#include "garde/net/listener.hpp"

#include "../support/loopback.hpp"
#include "../support/run.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace garde::net {
namespace {

using test::run_until;

/// A caller who is connected, or stands in the queue.
socket call(const endpoint& at) {
    socket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(out.native_handle(), at.data(), at.size()), 0);
    return out;
}

bool answers(const endpoint& at) {
    const socket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return ::connect(out.native_handle(), at.data(), at.size()) == 0;
}

TEST(listening_sockets, a_share_keeps_the_queue_open) {
    socket one = test::listening_socket();
    const auto at = *local_endpoint(one);
    const auto two = share(one);
    ASSERT_TRUE(two);
    one.close();
    EXPECT_EQ(local_endpoint(*two), at);
    EXPECT_TRUE(answers(at));
}

TEST(listening_sockets, anothers_socket_does_not_block_nor_outlive_exec) {
    const int other = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::listen(other, 1), 0);
    const auto taken = listening_socket(other);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_NE(::fcntl(other, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(other, F_GETFD) & FD_CLOEXEC, 0);
}

TEST(listening_sockets, what_does_not_listen_is_refused) {
    EXPECT_FALSE(listening_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    EXPECT_FALSE(listening_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    EXPECT_FALSE(listening_socket(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
}

/// While it lives, this process gets no further descriptor.
class no_more_descriptors {
  public:
    no_more_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int next = ::dup(STDIN_FILENO);
        ::close(next);
        const rlimit now{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    no_more_descriptors(const no_more_descriptors&) = delete;
    no_more_descriptors& operator=(const no_more_descriptors&) = delete;

  private:
    rlimit before_{};
};

struct accepting : testing::Test {
    event_loop loop;
    socket listens = test::listening_socket();
    endpoint at = *local_endpoint(listens);
    std::vector<socket> accepted;
    std::unique_ptr<listener> one;

    void start() {
        one = listener::over(loop, std::move(listens));
        one->start([this](socket who) { accepted.push_back(std::move(who)); });
    }
};

TEST_F(accepting, accepts_from_a_socket_that_listened_before) {
    const socket early = call(at);
    start();
    run_until(loop, [&] { return accepted.size() == 1; });
    const socket late = call(at);
    run_until(loop, [&] { return accepted.size() == 2; });
}

TEST_F(accepting, without_a_descriptor_it_rests_and_goes_on_when_there_is_one) {
    start();
    test::settle(loop);
    const socket waits = call(at);
    {
        const no_more_descriptors here;
        constexpr int many = 100;
        int turns = 0;
        while (turns < many && loop.turn(event_loop::patience::poll)) ++turns;
        EXPECT_LT(turns, many) << "it spins";
        EXPECT_TRUE(accepted.empty());
    }
    run_until(loop, [&] { return accepted.size() == 1; });
}

TEST_F(accepting, stopping_takes_who_is_in_the_queue) {
    start();
    test::settle(loop);
    const socket one_more = call(at);
    const socket another = call(at);
    one->stop();
    EXPECT_EQ(accepted.size(), 2U);
    EXPECT_FALSE(answers(at));
}

TEST_F(accepting, stopping_leaves_a_queue_to_those_who_share_it) {
    auto other = share(listens);
    ASSERT_TRUE(other);
    start();
    test::settle(loop);
    one->stop();
    one.reset();
    const socket late = call(at);
    test::settle(loop);  // the loop must not know of the queue any more, though the kernel does
    EXPECT_TRUE(accepted.empty());
    const socket got(::accept(other->native_handle(), nullptr, nullptr));
    EXPECT_TRUE(got.is_open());
}

TEST_F(accepting, ending_takes_nobody) {
    start();
    test::settle(loop);
    const socket waits = call(at);
    one.reset();
    EXPECT_TRUE(accepted.empty());
}

}  // namespace
}  // namespace garde::net
