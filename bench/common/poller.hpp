// Tells handlers that their descriptors have become ready: epoll, edge-triggered, one registration for a
// descriptor's life. One thread.
#pragma once

#include <chrono>

namespace bench {

class event_handler {
  public:
    event_handler() = default;
    event_handler(const event_handler&) = delete;
    event_handler& operator=(const event_handler&) = delete;
    virtual ~event_handler() = default;

    /// Something can be read or written, or has ended. Comes once for each change: go on until it would
    /// block, or be sure that nothing is left. May come for nothing.
    virtual void on_ready() = 0;
};

class poller {
  public:
    poller();
    poller(const poller&) = delete;
    poller& operator=(const poller&) = delete;
    ~poller();

    /// Until the descriptor is closed. `then` must outlive the call of wait() in which that happens. False
    /// when the kernel refuses.
    [[nodiscard]] bool watch(int descriptor, event_handler& then);

    /// From now on it looks again and again instead of sleeping: whoever sends it something need not wake it,
    /// which would cost him processor time.
    void stay_awake() { awake_ = true; }

    /// Waits until something is ready, at most so long, and calls the handlers.
    void wait(std::chrono::nanoseconds at_most);

  private:
    int epoll_ = -1;
    bool awake_ = false;
};

}  // namespace bench
