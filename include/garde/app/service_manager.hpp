// Tells systemd how garde is: the datagram protocol of sd_notify(3), which is stable and documented for
// implementations of one's own. Without a service manager everything here does nothing. Nothing waits: a
// message that does not fit the manager's queue is lost.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace garde::app {

/// Any thread.
class service_manager {
  public:
    /// What the manager put into the environment.
    struct address {
        std::string socket;                                 ///< NOTIFY_SOCKET; `@` begins an abstract one
        std::optional<std::chrono::microseconds> watchdog;  ///< WATCHDOG_USEC, when it is meant for us
    };
    /// From this process's environment; at start, before other threads.
    static address from_environment();

    /// Opens its descriptor now, so that it can speak when there is none left.
    explicit service_manager(address at);
    service_manager(const service_manager&) = delete;
    service_manager& operator=(const service_manager&) = delete;
    ~service_manager();

    /// Start-up, or the reload, is done.
    void ready(std::string_view status) const;
    /// A reload begins; `ready` ends it. `now` is the monotonic clock's, which is the steady clock.
    void reloading(std::chrono::steady_clock::time_point now) const;
    void stopping(std::string_view status) const;
    /// Real progress was made: the manager's watchdog starts anew.
    void alive() const;
    /// One line for `systemctl status`.
    void status(std::string_view text) const;

    /// How often `alive` should be called: half of what the manager waits. Nothing where it does not watch.
    [[nodiscard]] std::optional<std::chrono::microseconds> alive_interval() const;

  private:
    void send(std::string_view message) const;
    address at_;
    int descriptor_ = -1;  ///< without a manager: none
};

}  // namespace garde::app
