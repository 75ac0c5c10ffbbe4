// See poller.hpp.
#include "bench/common/poller.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <sys/epoll.h>
#include <unistd.h>

namespace bench {

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

poller::~poller() {
    if (epoll_ >= 0) ::close(epoll_);
}

bool poller::watch(int descriptor, event_handler& then) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &then;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void poller::wait(std::chrono::nanoseconds at_most) {
    const auto ns = awake_ ? 0 : std::max<std::int64_t>(0, at_most.count());
    timespec limit{};
    limit.tv_sec = ns / 1'000'000'000;
    limit.tv_nsec = ns % 1'000'000'000;
    std::array<epoll_event, 256> events{};
    // Not epoll_wait: its whole milliseconds are too coarse for the times at which requests are due.
    const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &limit, nullptr);
    for (int i = 0; i < count; ++i)
        static_cast<event_handler*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready();
}

}  // namespace bench
