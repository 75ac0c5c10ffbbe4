// The watchdog with real threads, sockets and a service manager's socket.
#include "garde/app/watchdog.hpp"

#include "garde/net/event_loop.hpp"

#include "../support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace garde::app {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;

/// Values from another thread, one after the other.
template <class T>
class inbox {
  public:
    void put(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    std::optional<T> next(std::chrono::milliseconds limit = patience) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, limit, [this] { return !values_.empty(); })) return std::nullopt;
        T out = std::move(values_.front());
        values_.pop_front();
        return out;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> values_;
};

/// A loop on a thread of its own that can be made to hang, as a worker that stands still.
class looping_thread {
  public:
    looping_thread() : thread_([this] { loop_.run(); }) {}
    ~looping_thread() {
        go_on();
        loop_.stop();
    }
    looping_thread(const looping_thread&) = delete;
    looping_thread& operator=(const looping_thread&) = delete;

    void hang() {
        hanging_ = true;
        loop_.post([this] { hanging_.wait(true); });
    }
    void go_on() {
        hanging_ = false;
        hanging_.notify_all();
    }
    [[nodiscard]] watched_thread watched(std::string name) {
        return {.name = std::move(name),
                .post = [this](std::function<void()> what) { loop_.post(std::move(what)); },
                .adopt = [this](int descriptor) { adopted.put(descriptor); }};
    }

    inbox<int> adopted;

  private:
    net::event_loop loop_;
    std::atomic<bool> hanging_{false};
    std::jthread thread_;
};

/// A listening socket on loopback; several may share its port.
class listening_socket {
  public:
    explicit listening_socket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const int on = 1;
        ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address_.sin_port = htons(port);
        socklen_t size = sizeof address_;
        auto* const plain = reinterpret_cast<sockaddr*>(&address_);
        if (::bind(descriptor_, plain, size) != 0 || ::listen(descriptor_, 16) != 0 ||
            ::getsockname(descriptor_, plain, &size) != 0)
            ADD_FAILURE() << "cannot listen";
    }
    ~listening_socket() { ::close(descriptor_); }
    listening_socket(const listening_socket&) = delete;
    listening_socket& operator=(const listening_socket&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] int connect() const {
        const int out = ::socket(AF_INET, SOCK_STREAM, 0);
        if (::connect(out, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0)
            ADD_FAILURE() << "cannot connect";
        return out;
    }

  private:
    int descriptor_;
    sockaddr_in address_{};
};

/// Quicker than in life.
constexpr watch_rules quick{.stall_after = 600ms, .steady_for = 300ms, .late = 290ms, .own_pause = 30s};

struct watching {
    watching() = default;
    [[nodiscard]] std::unique_ptr<watchdog> make(int listening, const service_manager* manager = nullptr) {
        std::vector<watched_thread> workers{first.watched("worker-0"), second.watched("worker-1")};
        workers[0].listening = listening;
        auto out = std::make_unique<watchdog>(
            watchdog::setting{.workers = std::move(workers),
                              .control = control.watched("control"),
                              .manager = manager,
                              .tell = [this](const progress_change& what) { told.put(what); },
                              .rules = quick});
        out->start();
        return out;
    }

    looping_thread first;
    looping_thread second;
    looping_thread control;
    inbox<progress_change> told;
};

TEST(watchdog, tells_of_a_worker_that_stalls_and_recovers) {
    watching all;
    const auto dog = all.make(-1);
    EXPECT_EQ(dog->workers(), (std::vector{progress::alive, progress::alive}));
    all.first.hang();
    const auto stalled = all.told.next();
    ASSERT_TRUE(stalled);
    EXPECT_EQ(stalled->name, "worker-0");
    EXPECT_EQ(stalled->now, progress::stalled);
    EXPECT_GE(stalled->for_time, quick.stall_after);
    EXPECT_EQ(dog->workers(), (std::vector{progress::stalled, progress::alive}));
    all.first.go_on();
    const auto recovered = all.told.next();
    ASSERT_TRUE(recovered);
    EXPECT_EQ(recovered->name, "worker-0");
    EXPECT_EQ(recovered->now, progress::alive);
}

TEST(watchdog, hands_the_connections_of_a_stalled_worker_to_one_that_is_alive) {
    watching all;
    const listening_socket listener(0);
    const auto dog = all.make(listener.descriptor());
    all.first.hang();
    const int queued_before = listener.connect();
    ASSERT_TRUE(all.told.next());
    const int queued_after = listener.connect();
    for (int i = 0; i < 2; ++i) {
        const auto adopted = all.second.adopted.next();
        ASSERT_TRUE(adopted) << i;
        EXPECT_EQ(::write(*adopted, "x", 1), 1);
        ::close(*adopted);
    }
    // Neither was reset: the byte is there.
    for (const int caller : {queued_before, queued_after}) {
        std::array<char, 1> byte{};
        EXPECT_EQ(::recv(caller, byte.data(), 1, 0), 1);
        ::close(caller);
    }
    EXPECT_FALSE(all.first.adopted.next(0ms));
}

TEST(watchdog, leaves_the_listener_of_a_worker_that_is_alive_alone) {
    watching all;
    const listening_socket listener(0);
    const auto dog = all.make(listener.descriptor());
    all.second.hang();
    ASSERT_TRUE(all.told.next());
    const int caller = listener.connect();
    EXPECT_FALSE(all.first.adopted.next(300ms));
    pollfd waiting{.fd = listener.descriptor(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&waiting, 1, 0), 1) << "still in the queue";
    ::close(caller);
}

TEST(watchdog, gives_its_descriptors_up_when_it_stops) {
    watching all;
    std::optional<listening_socket> listener(std::in_place, std::uint16_t{0});
    const auto dog = all.make(listener->descriptor());
    const int caller = listener->connect();
    dog->stop();
    dog->stop();
    listener.reset();
    // Nobody else holds the listener open: the kernel resets what was in its queue.
    std::array<char, 1> byte{};
    EXPECT_EQ(::recv(caller, byte.data(), 1, 0), -1);
    ::close(caller);
}

/// A service manager's socket.
class listening_manager {
  public:
    listening_manager() : descriptor_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        const std::string path = path_();
        std::memcpy(at.sun_path, path.data(), path.size());
        if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
            ADD_FAILURE() << "no socket";
    }
    ~listening_manager() { ::close(descriptor_); }
    listening_manager(const listening_manager&) = delete;
    listening_manager& operator=(const listening_manager&) = delete;

    [[nodiscard]] service_manager::address address() const { return {.socket = path_(), .watchdog = 200ms}; }
    /// Throws away what has come, then waits for the next message.
    [[nodiscard]] bool hears(std::chrono::milliseconds limit) const {
        std::array<char, 64> buffer{};
        while (::recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
        }
        pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
        return ::poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
    }

  private:
    [[nodiscard]] std::string path_() const { return folder_.path() / "notify"; }
    test::temporary_folder folder_;
    int descriptor_;
};

TEST(watchdog, feeds_the_service_manager_while_one_worker_is_alive) {
    const listening_manager manager;
    const service_manager told(manager.address());
    watching all;
    const auto dog = all.make(-1, &told);
    EXPECT_TRUE(manager.hears(patience));
    all.first.hang();
    ASSERT_TRUE(all.told.next());
    EXPECT_TRUE(manager.hears(patience));
    all.second.hang();
    ASSERT_TRUE(all.told.next());
    EXPECT_FALSE(manager.hears(600ms)) << "no worker is left";
    all.second.go_on();
    EXPECT_TRUE(manager.hears(patience));
}

TEST(watchdog, does_not_feed_it_without_the_control_thread) {
    const listening_manager manager;
    const service_manager told(manager.address());
    watching all;
    const auto dog = all.make(-1, &told);
    EXPECT_TRUE(manager.hears(patience));
    all.control.hang();
    const auto stalled = all.told.next();
    ASSERT_TRUE(stalled);
    EXPECT_EQ(stalled->name, "control");
    EXPECT_FALSE(manager.hears(600ms));
}

}  // namespace
}  // namespace garde::app
