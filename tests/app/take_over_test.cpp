// Both sides of a take-over in one process: the socket in the data folder, what goes over it, and what
// happens when one side does not do its part.
#include "../../src/app/predecessor.hpp"
#include "../../src/app/successor.hpp"
#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace garde::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{20};

net::socket listening_somewhere() {
    auto out = net::listen_at(*net::endpoint::from_literal("127.0.0.1", 0), net::address_sharing::shared);
    if (!out) throw std::runtime_error(out.error().message);
    return std::move(*out);
}

net::endpoint at_of(const net::socket& of) {
    return *net::local_endpoint(of);
}

config::endpoint address_of(const net::socket& of) {
    return {.host = "127.0.0.1", .port = at_of(of).port()};
}

/// A predecessor that offers these sockets and one service; it notes what it is told.
struct taking_over : testing::Test {
    test::temporary_folder folder;
    std::vector<net::socket> sockets;
    std::string refuses;  ///< why it makes no offer
    std::promise<int> succeeded;
    std::promise<void> failed;
    std::promise<std::string> told_refused;
    std::unique_ptr<predecessor> first;

    void start() {
        first = std::make_unique<predecessor>(
            folder.path(),
            predecessor::callbacks{.begin = [this] { return make_offer(); },
                                   .failed = [this] { failed.set_value(); },
                                   .refused =
                                       [this](int pid, const std::string& why) {
                                           EXPECT_EQ(pid, ::getpid());
                                           told_refused.set_value(why);
                                       },
                                   .succeeded = [this](int pid) { succeeded.set_value(pid); }});
        while (owner_of(folder.path()) == 0) std::this_thread::yield();
    }
    result<offer> make_offer() {
        if (!refuses.empty()) return fail(refuses);
        offer out;
        for (const auto& one : sockets) out.sockets.push_back({"listener", std::move(*net::share(one))});
        out.services.push_back(
            {.name = "consult", .active_backend = "one", .order = std::nullopt, .backends = {}});
        return out;
    }
    std::unique_ptr<inheritance> receive() {
        auto out = inheritance::receive(folder.path());
        EXPECT_TRUE(out) << out.error().message;
        return out ? std::move(*out) : nullptr;
    }
    template <class T>
    static bool comes(std::promise<T>& what) {
        return what.get_future().wait_for(patience) == std::future_status::ready;
    }
};

TEST_F(taking_over, where_nobody_is_there_is_nothing_to_take_over) {
    const auto got = inheritance::receive(folder.path());
    ASSERT_TRUE(got);
    EXPECT_EQ(*got, nullptr);
    EXPECT_EQ(owner_of(folder.path() / "missing"), 0);
}

TEST_F(taking_over, the_socket_is_for_its_user_alone) {
    start();
    struct stat status{};
    ASSERT_EQ(::stat((folder.path() / hand_over_socket_name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(owner_of(folder.path()), ::getpid());
}

TEST_F(taking_over, sockets_and_what_is_known_arrive) {
    sockets.push_back(listening_somewhere());
    sockets.push_back(listening_somewhere());
    start();
    const auto got = receive();
    ASSERT_TRUE(got);
    ASSERT_THAT(got->services(), SizeIs(1));
    EXPECT_EQ(got->services()[0].name, "consult");
    auto supply = got->take_sockets();
    EXPECT_THAT(supply.left(), ElementsAre(at_of(sockets[0]), at_of(sockets[1])));
    const auto taken = supply.take("listener", address_of(sockets[0]), 1, net::address_sharing::shared);
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(at_of(taken->front()), at_of(sockets[0]));
}

TEST_F(taking_over, a_connection_that_waits_in_a_queue_is_not_lost) {
    sockets.push_back(listening_somewhere());
    const auto address = at_of(sockets[0]);
    start();
    const int caller = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::connect(caller, address.data(), address.size()), 0);
    auto supply = receive()->take_sockets();
    sockets.clear();
    first.reset();
    const auto taken = supply.take("listener", {.host = "127.0.0.1", .port = address.port()}, 1,
                                   net::address_sharing::shared);
    ASSERT_TRUE(taken);
    const int accepted = ::accept(taken->front().native_handle(), nullptr, nullptr);
    EXPECT_GE(accepted, 0);
    ::close(accepted);
    ::close(caller);
}

TEST_F(taking_over, the_predecessor_goes_when_the_successor_serves) {
    start();
    const auto got = receive();
    ASSERT_TRUE(got);
    const auto done = got->confirm();
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(succeeded.get_future().get(), ::getpid());
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (owner_of(folder.path()) != 0 && std::chrono::steady_clock::now() < give_up)
        std::this_thread::yield();
    EXPECT_EQ(owner_of(folder.path()), 0);
}

TEST_F(taking_over, the_predecessor_goes_on_when_the_successor_dies) {
    start();
    receive().reset();
    EXPECT_TRUE(comes(failed));
    EXPECT_THAT(told_refused.get_future().get(), HasSubstr("does not serve"));
    const auto again = receive();
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->confirm());
    EXPECT_TRUE(comes(succeeded));
}

TEST_F(taking_over, a_predecessor_that_refuses_says_why) {
    refuses = "not now";
    start();
    const auto got = inheritance::receive(folder.path());
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().message, HasSubstr("not now"));
    EXPECT_THAT(got.error().message, HasSubstr(std::to_string(::getpid())));
    EXPECT_EQ(told_refused.get_future().get(), "not now");
}

TEST_F(taking_over, another_version_is_refused) {
    start();
    auto channel = hand_over_channel::connect(folder.path());
    ASSERT_TRUE(channel && *channel);
    ASSERT_TRUE((*channel)->send(hello{hand_over_version + 1}, -1, patience));
    const auto said = (*channel)->receive(patience);
    ASSERT_TRUE(said);
    EXPECT_THAT(std::get<refused>(said->what).why, HasSubstr("version"));
    EXPECT_THAT(told_refused.get_future().get(), HasSubstr("version"));
}

TEST_F(taking_over, a_predecessor_ends_in_the_middle_of_it) {
    start();
    const auto got = receive();
    ASSERT_TRUE(got);
    first.reset();
    EXPECT_FALSE(got->confirm());
}

TEST_F(taking_over, a_successor_listens_in_the_place_of_a_process_that_was_killed) {
    {
        const auto left_behind = listen_for_successor(folder.path());
    }
    EXPECT_EQ(owner_of(folder.path()), 0);
    start();
    EXPECT_EQ(owner_of(folder.path()), ::getpid());
}

TEST_F(taking_over, a_folder_that_comes_later_is_used_then) {
    const auto later = folder.path() / "later";
    const predecessor waits(later, {.begin = [] { return result<offer>(fail("no")); },
                                    .failed = [] {},
                                    .refused = [](int, const std::string&) {},
                                    .succeeded = [](int) {}});
    std::filesystem::create_directory(later);
    while (owner_of(later) == 0) std::this_thread::yield();
}

TEST_F(taking_over, a_folder_with_a_long_name_will_do) {
    const auto deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
    std::filesystem::create_directories(deep);
    const auto listening = listen_for_successor(deep);
    ASSERT_TRUE(listening) << listening.error().message;
    EXPECT_EQ(owner_of(deep), ::getpid());
}

}  // namespace
}  // namespace garde::app
