// What the service manager reads on its socket.
#include "garde/app/service_manager.hpp"

#include "../support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace garde::app {
namespace {

using namespace std::chrono_literals;

/// A manager's socket at this path, or under this abstract name where it begins with `@`.
class listening_manager {
  public:
    explicit listening_manager(const std::string& name) : descriptor_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, name.data(), name.size());
        const bool abstract = name[0] == '@';
        if (abstract) at.sun_path[0] = '\0';
        const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (abstract ? 0 : 1);
        bound_ =
            ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), static_cast<socklen_t>(size)) == 0;
    }
    ~listening_manager() { ::close(descriptor_); }
    listening_manager(const listening_manager&) = delete;
    listening_manager& operator=(const listening_manager&) = delete;

    [[nodiscard]] bool bound() const { return bound_; }

    /// The next message that has come; empty when there is none.
    [[nodiscard]] std::string next() const {
        std::array<char, 512> buffer{};
        const auto count = ::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        return count > 0 ? std::string(buffer.data(), static_cast<std::size_t>(count)) : std::string{};
    }

  private:
    int descriptor_;
    bool bound_ = false;
};

TEST(service_manager, hears_what_happens) {
    const test::temporary_folder folder;
    const std::string path = folder.path() / "notify";
    const listening_manager manager(path);
    ASSERT_TRUE(manager.bound());
    const service_manager told({.socket = path, .watchdog = {}});
    told.ready("serving\non two lines");
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving on two lines");
    told.reloading(std::chrono::steady_clock::time_point(1234567us));
    EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=1234567");
    told.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
    told.status("busy");
    EXPECT_EQ(manager.next(), "STATUS=busy");
    told.stopping("ending");
    EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=ending");
    EXPECT_EQ(manager.next(), "");
}

TEST(service_manager, may_have_an_abstract_socket) {
    const std::string name = "@garde-test-" + std::to_string(::getpid());
    const listening_manager manager(name);
    ASSERT_TRUE(manager.bound());
    service_manager({.socket = name, .watchdog = {}}).alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
}

TEST(service_manager, that_is_not_there_costs_nothing) {
    service_manager({}).ready("serving");
    service_manager({.socket = "/nowhere/at/all", .watchdog = {}}).alive();
    service_manager({.socket = std::string(500, 'x'), .watchdog = {}}).alive();
    service_manager({.socket = "relative", .watchdog = {}}).alive();
}

TEST(service_manager, that_does_not_read_is_not_waited_for) {
    const test::temporary_folder folder;
    const std::string path = folder.path() / "notify";
    const listening_manager manager(path);
    const service_manager told({.socket = path, .watchdog = {}});
    for (int i = 0; i < 10'000; ++i) told.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1");
}

TEST(service_manager, is_fed_twice_as_often_as_it_looks) {
    EXPECT_EQ(service_manager({.socket = "@x", .watchdog = 10s}).alive_interval(), 5s);
    EXPECT_FALSE(service_manager({.socket = "@x", .watchdog = {}}).alive_interval());
    EXPECT_FALSE(service_manager({.socket = "", .watchdog = 10s}).alive_interval());
}

/// Environment variables for one test.
class environment : public testing::Test {
  protected:
    void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }
    void TearDown() override {
        for (const auto* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    }
};

TEST_F(environment, without_a_manager_says_nothing) {
    const auto found = service_manager::from_environment();
    EXPECT_EQ(found.socket, "");
    EXPECT_FALSE(found.watchdog);
}

TEST_F(environment, names_the_socket_and_the_interval) {
    set("NOTIFY_SOCKET", "/run/systemd/notify");
    set("WATCHDOG_USEC", "10000000");
    const auto found = service_manager::from_environment();
    EXPECT_EQ(found.socket, "/run/systemd/notify");
    EXPECT_EQ(found.watchdog, 10s);
}

TEST_F(environment, a_watchdog_for_another_process_is_not_ours) {
    set("WATCHDOG_USEC", "10000000");
    set("WATCHDOG_PID", std::to_string(::getpid() + 1));
    EXPECT_FALSE(service_manager::from_environment().watchdog);
    set("WATCHDOG_PID", std::to_string(::getpid()));
    EXPECT_EQ(service_manager::from_environment().watchdog, 10s);
}

TEST_F(environment, an_interval_that_is_no_number_is_none) {
    for (const auto* text : {"", "0", "-5", "soon", "10s"}) {
        set("WATCHDOG_USEC", text);
        EXPECT_FALSE(service_manager::from_environment().watchdog) << text;
    }
}

}  // namespace
}  // namespace garde::app
