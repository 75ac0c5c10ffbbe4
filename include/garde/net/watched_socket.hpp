// A socket as its loop sees it: registered once, edge-triggered, for both directions. It remembers what the
// kernel has announced, so that nothing is read that was not announced, and nothing is registered again.
#pragma once

#include "garde/net/event_loop.hpp"
#include "garde/net/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/types.h>

namespace garde::net {

enum class direction : std::uint8_t { read, write, either };

/// One thread (its loop's). One coroutine waits at a time.
class watched_socket {
  public:
    /// What may be assumed before the kernel has announced anything.
    enum class state : std::uint8_t {
        connected,  ///< there is room to write
        unknown,    ///< listening, or still connecting
    };

    watched_socket(event_loop& loop, socket owned, state now);
    watched_socket(const watched_socket&) = delete;
    watched_socket& operator=(const watched_socket&) = delete;
    ~watched_socket() { close(); }

    /// As recv(2), but says EAGAIN by itself when nothing was announced; EINTR is dealt with.
    ssize_t receive(std::span<char> into);
    /// As send(2) without SIGPIPE.
    ssize_t transmit(std::string_view data);
    /// Whether more will be transmitted at once, so that the kernel may wait for it before it sends a packet
    /// that is not full.
    void more_follows(bool yes) { more_follows_ = yes; }

    [[nodiscard]] bool ready(direction what) const {
        return (readable_ && what != direction::write) || (writable_ && what != direction::read);
    }
    /// What was announced turned out to be all: wait for the next announcement.
    void used_up(direction what) {
        if (what != direction::write) readable_ = false;
        if (what != direction::read) writable_ = false;
    }
    /// The peer has ended its side, or the connection broke: reading will say so.
    [[nodiscard]] bool ended() const { return ended_; }

    /// Waits until that direction is ready, or interrupt(). `co_await one.wait(what)`.
    auto wait(direction what) {
        struct awaiter {
            watched_socket& on;
            direction what;
            waiter one{};
            ~awaiter() {
                if (on.waiting_ == &one) on.waiting_ = nullptr;
            }
            [[nodiscard]] bool await_ready() const noexcept { return on.ready(what); }
            void await_suspend(std::coroutine_handle<> who) {
                one.wait(who);
                on.waiting_ = &one;
                on.wanted_ = what;
            }
            void await_resume() const noexcept {}
        };
        return awaiter{*this, what};
    }

    /// Ends the wait at hand, if there is one; the one who waits finds out why by himself.
    void interrupt();

    /// Closes the descriptor. Nobody waits any more.
    void close();

    /// Takes the descriptor out of the loop.
    socket release();

    [[nodiscard]] const socket& descriptor() const { return socket_; }
    [[nodiscard]] event_loop& loop() { return loop_; }

  private:
    friend class event_loop;
    void on_events(std::uint32_t events);

    event_loop& loop_;
    socket socket_;
    waiter* waiting_ = nullptr;
    direction wanted_ = direction::read;
    bool readable_ = false;
    bool writable_;
    bool ended_ = false;
    bool more_follows_ = false;
};

}  // namespace garde::net
