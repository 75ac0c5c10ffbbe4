// A kernel for one thread, as far as garde uses one: TCP sockets, edge-triggered epoll, eventfd and clocks.
// While one of these lives, libc.cpp sends the program's calls here instead of to the real one: the code
// under test, libssl and libstdc++ notice nothing. Time stands still until it is moved; what happens is
// decided by a seed.
#pragma once

#include "chance.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <utility>

namespace garde::sim {

using moment = std::chrono::nanoseconds;  ///< since the simulated boot
using std::chrono::microseconds;

/// Simulated descriptors begin here; the real kernel never gives so high a number.
inline constexpr int first_descriptor = 1'000'000;

/// How the network treats the connections from one side to one port, as it is now.
struct link {
    microseconds least_delay{50};
    microseconds most_delay{500};
    std::size_t most_segment = std::size_t{64} * 1024;  ///< bytes arrive in pieces of 1 to so many
    std::size_t window = std::size_t{256} * 1024;  ///< that one side may have sent and the other not read
    bool refuses = false;                          ///< nobody listens
    moment frozen_until{};                         ///< nothing arrives before that; it arrives then
    /// Connections made now break in the middle of what the side that made them is sent: at a byte by chance,
    /// this one at the latest. Taken away, it spares those that have not broken yet.
    std::optional<std::size_t> cut_after;
};

/// Something with a descriptor.
class pollable {
  public:
    pollable() = default;
    pollable(const pollable&) = delete;
    pollable& operator=(const pollable&) = delete;
    virtual ~pollable() { unwatch(); }

    /// EPOLL… as it is now.
    virtual std::uint32_t ready() = 0;
    /// Its descriptor has been closed.
    virtual void on_close() {}

    /// Something happened that epoll(7) tells of.
    void wake();
    /// Taken out of its epoll set.
    void unwatch();

  private:
    friend class epoll_set;
    class epoll_set* watched_by_ = nullptr;
    epoll_event how_{};
    bool queued_ = false;
};

class tcp_socket;

class kernel {
  public:
    /// From here on libc's calls come here. One at a time.
    explicit kernel(std::uint64_t seed);
    ~kernel();
    kernel(const kernel&) = delete;
    kernel& operator=(const kernel&) = delete;
    static kernel* active() { return active_; }

    // Time.
    [[nodiscard]] moment now() const { return now_; }
    [[nodiscard]] std::chrono::nanoseconds wall() const { return wall_base_ + now_; }
    void jump_wall(std::chrono::nanoseconds by) { wall_base_ += by; }
    void move_to(moment when) { now_ = std::max(now_, when); }
    /// Calls it then.
    void at(moment when, std::move_only_function<void()> what);
    /// Calls what is due; false when there was nothing.
    bool run_due();
    [[nodiscard]] std::optional<moment> next_event() const;

    // The network.
    /// Connections begun from now on belong to this side.
    void set_side(int side) { side_ = side; }
    /// The path from a side to a port; the same object for as long as the kernel lives.
    [[nodiscard]] link& path(int side, std::uint16_t port) { return paths_[{side, port}]; }
    /// Breaks all connections on this path.
    void reset_all(const link& on);
    [[nodiscard]] chance& luck() { return luck_; }
    [[nodiscard]] std::size_t open_descriptors() const { return objects_.size(); }
    /// Arrivals so far: bytes, ends and breaks.
    [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }

    // What libc.cpp calls: as the system calls, with errno.
    int socket(int family, int type);
    int make_epoll();
    int make_eventfd();
    int close(int descriptor);
    int bind(int descriptor, const sockaddr* address, socklen_t size);
    int listen(int descriptor);
    int accept(int descriptor, sockaddr* address, socklen_t* size);
    int connect(int descriptor, const sockaddr* address, socklen_t size);
    int shutdown(int descriptor, int how);
    ssize_t send(int descriptor, const void* data, std::size_t size);
    ssize_t receive(int descriptor, void* into, std::size_t size, int flags);
    ssize_t write(int descriptor, const void* data, std::size_t size);
    int get_option(int descriptor, int level, int option, void* value, socklen_t* size);
    int set_option(int descriptor);
    int local_name(int descriptor, sockaddr* address, socklen_t* size);
    int peer_name(int descriptor, sockaddr* address, socklen_t* size);
    int epoll_control(int descriptor, int operation, int target, epoll_event* event);
    int epoll_wait(int descriptor, epoll_event* events, int most, int timeout);

  private:
    friend class tcp_socket;
    template <class Kind>
    Kind* find(int descriptor);
    int install(std::shared_ptr<pollable> object);
    /// One of those that listen there, by chance; null when nobody does.
    [[nodiscard]] std::shared_ptr<tcp_socket> listener_at(std::uint16_t port);

    static kernel* active_;
    chance luck_;
    moment now_;
    std::chrono::nanoseconds wall_base_;
    std::map<std::pair<moment, std::uint64_t>, std::move_only_function<void()>> events_;
    std::uint64_t sequence_ = 0;
    std::uint64_t arrivals_ = 0;
    int side_ = 0;
    std::map<std::pair<int, std::uint16_t>, link> paths_;
    std::map<int, std::shared_ptr<pollable>> objects_;
    std::set<int> free_;  ///< as in the real one, the lowest is given next
    std::uint16_t next_port_ = 32'768;
};

}  // namespace garde::sim
