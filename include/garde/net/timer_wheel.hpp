// A hashed timer wheel: setting, moving and cancelling a deadline are O(1) and allocate nothing. It knows no
// clock: event_loop turns it. Deadlines fire up to one tick late, never early.
#pragma once

#include "garde/base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace garde::net {

class timer_wheel;

/// One deadline; must not outlive its wheel. Not movable: the wheel links to it. One thread.
class deadline {
  public:
    deadline(timer_wheel& wheel, std::function<void()> on_expiry)
        : wheel_(wheel), on_expiry_(std::move(on_expiry)) {}
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;
    ~deadline() { cancel(); }

    /// Sets or moves it. When due, on_expiry is called once, from the event loop.
    void set(steady_time due);
    void cancel();
    [[nodiscard]] bool pending() const { return linked_; }

  private:
    friend class timer_wheel;
    timer_wheel& wheel_;
    std::function<void()> on_expiry_;
    steady_time due_{};
    deadline* previous_ = nullptr;
    deadline* next_ = nullptr;
    std::size_t slot_ = 0;
    bool linked_ = false;
};

class timer_wheel {
  public:
    /// A time-out that comes late is added to the answer of whoever waits for it.
    static constexpr milliseconds tick{1};
    static constexpr std::size_t slots = 8192;

    explicit timer_wheel(steady_time start) : now_(start) {}
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;
    ~timer_wheel();

    /// Fires what is due at `now`; true when something was. Callbacks may set and cancel deadlines, their own
    /// included.
    bool advance(steady_time now);

    /// When advance() may next have something to fire: the end of the first tick that holds a deadline, its
    /// own or one of a later turn. Nothing while the wheel is empty.
    [[nodiscard]] std::optional<steady_time> next_expiry() const;

    [[nodiscard]] bool empty() const { return pending_ == 0; }

  private:
    friend class deadline;
    void link(deadline& node);
    void unlink(deadline& node);
    [[nodiscard]] std::size_t slot_of(steady_time at) const;

    steady_time now_;
    std::array<deadline*, slots> heads_{};
    std::array<std::uint64_t, slots / 64> occupied_{};  ///< a bit for each slot that holds a deadline
    deadline* cursor_ = nullptr;  ///< what advance() looks at next; kept right by unlink
    std::size_t pending_ = 0;
};

}  // namespace garde::net
