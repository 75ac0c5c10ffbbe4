// Sockets that are there already go to whom they belong, and what is missing is opened.
#include "../../src/app/socket_supply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace garde::app {
namespace {

using net::address_sharing;
using testing::IsEmpty;
using testing::SizeIs;

net::socket listening(address_sharing sharing = address_sharing::shared) {
    auto out = net::listen_at(*net::endpoint::from_literal("127.0.0.1", 0), sharing);
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

net::endpoint at_of(const net::socket& of) {
    return *net::local_endpoint(of);
}

config::endpoint address_of(const net::endpoint& of) {
    return {.host = of.host(), .port = of.port()};
}

std::vector<net::socket> take(socket_supply& from, std::string_view name, const config::endpoint& address,
                              std::size_t count) {
    auto out = from.take(name, address, count, address_sharing::shared);
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : std::vector<net::socket>();
}

/// Of the kernel's socket behind a descriptor.
ino_t queue_of(const net::socket& socket) {
    struct stat status{};
    EXPECT_EQ(::fstat(socket.native_handle(), &status), 0);
    return status.st_ino;
}

TEST(socket_supply, what_nobody_has_is_opened) {
    socket_supply supply;
    const auto free = at_of(listening());
    const auto taken = take(supply, "listener", address_of(free), 3);
    ASSERT_THAT(taken, SizeIs(3));
    std::set<ino_t> queues;
    for (const auto& one : taken) {
        EXPECT_EQ(at_of(one), free);
        queues.insert(queue_of(one));
    }
    EXPECT_EQ(queues.size(), 3U);
}

TEST(socket_supply, a_socket_without_a_name_goes_by_its_address) {
    socket_supply supply;
    auto one = listening();
    auto other = listening();
    const auto at = at_of(one);
    const auto elsewhere = at_of(other);
    const auto queue = queue_of(one);
    supply.add("garde.socket", std::move(other));
    supply.add("garde.socket", std::move(one));
    const auto taken = take(supply, "listener", address_of(at), 1);
    ASSERT_THAT(taken, SizeIs(1));
    EXPECT_EQ(queue_of(taken[0]), queue);
    EXPECT_THAT(supply.left(), testing::ElementsAre(elsewhere));
}

TEST(socket_supply, a_socket_with_a_name_goes_by_that_alone) {
    socket_supply supply;
    auto one = listening();
    const auto queue = queue_of(one);
    const auto at = at_of(one);
    supply.add("admin", std::move(one));
    EXPECT_NE(queue_of(take(supply, "listener", address_of(at), 1)[0]), queue);
    const auto taken = take(supply, "admin", {.host = "127.0.0.1", .port = 1}, 1);
    ASSERT_THAT(taken, SizeIs(1));
    EXPECT_EQ(queue_of(taken[0]), queue);
    EXPECT_THAT(supply.left(), IsEmpty());
}

TEST(socket_supply, all_that_are_there_are_given_though_fewer_are_wanted) {
    socket_supply supply;
    auto one = listening();
    const auto at = at_of(one);
    supply.add({}, std::move(one));
    for (int i = 0; i < 3; ++i) supply.add({}, std::move(*net::listen_at(at, address_sharing::shared)));
    EXPECT_THAT(take(supply, "listener", address_of(at), 2), SizeIs(4));
}

TEST(socket_supply, more_are_opened_beside_those_that_are_there) {
    socket_supply supply;
    auto one = listening();
    const auto at = at_of(one);
    supply.add({}, std::move(one));
    const auto taken = take(supply, "listener", address_of(at), 3);
    ASSERT_THAT(taken, SizeIs(3));
    EXPECT_NE(queue_of(taken[0]), queue_of(taken[1]));
}

TEST(socket_supply, one_that_cannot_be_opened_again_is_shared) {
    socket_supply supply;
    auto one = listening(address_sharing::exclusive);
    const auto at = at_of(one);
    supply.add({}, std::move(one));
    const auto taken = take(supply, "listener", address_of(at), 3);
    ASSERT_THAT(taken, SizeIs(3));
    EXPECT_EQ(queue_of(taken[0]), queue_of(taken[2]));
}

TEST(socket_supply, an_address_in_use_is_an_error) {
    const auto taken_already = listening(address_sharing::exclusive);
    socket_supply supply;
    EXPECT_FALSE(supply.take("status", address_of(at_of(taken_already)), 1, address_sharing::exclusive));
}

// In a child process each: descriptors and the environment are those of a whole process.
struct activated : testing::Test {
    /// Calls sockets_from_systemd with `count` sockets from 3 on and this environment; 0 when `good` holds.
    static void expect(int count, const std::string& names, bool (*good)(socket_supply)) {
        EXPECT_EXIT(
            {
                for (int i = 0; i < count; ++i) {
                    auto one = listening();
                    ::dup2(one.native_handle(), 3 + i);
                    if (one.native_handle() < 3 + count) (void)one.release();
                }
                ::setenv("LISTEN_FDS", std::to_string(count).c_str(), 1);
                ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
                ::setenv("LISTEN_FDNAMES", names.c_str(), 1);
                auto got = sockets_from_systemd();
                const bool cleared = ::getenv("LISTEN_FDS") == nullptr;
                ::_exit(got && cleared && good(std::move(*got)) ? 0 : 1);
            },
            testing::ExitedWithCode(0), "");
    }
};

TEST_F(activated, nothing_is_there_without_systemd) {
    const auto got = sockets_from_systemd();
    ASSERT_TRUE(got);
    EXPECT_THAT(got->left(), IsEmpty());
}

TEST_F(activated, names_say_what_sockets_are_for) {
    expect(4, "listener:admin:status:metrics", [](socket_supply got) {
        const config::endpoint elsewhere{.host = "127.0.0.1", .port = 1};
        for (const auto* name : {"status", "admin", "listener", "metrics"})
            if (net::local_endpoint(got.take(name, elsewhere, 1, address_sharing::exclusive).value().front())
                    ->port() == 1)
                return false;
        return got.left().empty();
    });
}

TEST_F(activated, sockets_without_names_are_known_by_their_addresses) {
    expect(2, "", [](socket_supply got) {
        const auto all = got.left();
        if (all.size() != 2) return false;
        const auto one = got.take("listener", address_of(all[1]), 1, address_sharing::exclusive);
        return one && at_of(one->front()) == all[1] && got.left().size() == 1;
    });
}

TEST_F(activated, a_descriptor_that_is_no_socket_is_an_error) {
    EXPECT_EXIT(
        {
            int ends[2];
            if (::pipe(ends) != 0) ::_exit(1);
            ::dup2(ends[0], 3);
            ::setenv("LISTEN_FDS", "1", 1);
            ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
            const auto got = sockets_from_systemd();
            ::_exit(!got && got.error().message.find("descriptor 3") != std::string::npos ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST_F(activated, sockets_for_another_process_are_left_alone) {
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_PID", "1", 1);
    const auto got = sockets_from_systemd();
    ASSERT_TRUE(got);
    EXPECT_THAT(got->left(), IsEmpty());
}

}  // namespace
}  // namespace garde::app
