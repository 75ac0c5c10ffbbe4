// The simulated kernel's epoll sets and eventfds. Edge-triggered only, as garde's loop is.
#pragma once

#include "kernel.hpp"

#include <deque>

namespace garde::sim {

class epoll_set final : public pollable {
  public:
    ~epoll_set() override;
    std::uint32_t ready() override { return 0; }

    /// As epoll_ctl(2); the error, or 0.
    int control(int operation, pollable& target, const epoll_event* event);
    /// As epoll_wait(2), with what is there now.
    int take(epoll_event* events, int most);

    void queue(pollable& one);
    void forget(pollable& one);

  private:
    std::deque<pollable*> queue_;
    std::set<pollable*> watched_;
};

class event_counter final : public pollable {
  public:
    std::uint32_t ready() override { return count_ > 0 ? EPOLLIN | EPOLLOUT : EPOLLOUT; }
    void add(std::uint64_t count) {
        count_ += count;
        wake();
    }

  private:
    std::uint64_t count_ = 0;
};

}  // namespace garde::sim
