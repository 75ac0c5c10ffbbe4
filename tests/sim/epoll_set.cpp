// See epoll_set.hpp.
#include "epoll_set.hpp"

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace garde::sim {

void pollable::wake() {
    if (watched_by_ != nullptr) watched_by_->queue(*this);
}

void pollable::unwatch() {
    if (watched_by_ != nullptr) watched_by_->forget(*this);
}

epoll_set::~epoll_set() {
    for (pollable* one : watched_) one->watched_by_ = nullptr;
}

int epoll_set::control(int operation, pollable& target, const epoll_event* event) {
    if (operation == EPOLL_CTL_DEL) {
        if (target.watched_by_ != this) return ENOENT;
        forget(target);
        return 0;
    }
    if (operation != EPOLL_CTL_ADD || (event->events & EPOLLET) == 0)
        throw std::logic_error("only edge-triggered registrations that stay are simulated");
    if (target.watched_by_ == this) return EEXIST;
    if (target.watched_by_ != nullptr)
        throw std::logic_error("a descriptor in two epoll sets is not simulated");
    target.watched_by_ = this;
    target.how_ = *event;
    watched_.insert(&target);
    queue(target);
    return 0;
}

void epoll_set::queue(pollable& one) {
    if (one.queued_) return;
    one.queued_ = true;
    queue_.push_back(&one);
}

void epoll_set::forget(pollable& one) {
    if (one.queued_) std::erase(queue_, &one);
    one.queued_ = false;
    one.watched_by_ = nullptr;
    watched_.erase(&one);
}

/// What is told is how things are when it is asked for, as in the real one.
int epoll_set::take(epoll_event* events, int most) {
    int count = 0;
    while (count < most && !queue_.empty()) {
        pollable& one = *queue_.front();
        queue_.pop_front();
        one.queued_ = false;
        const std::uint32_t told = one.ready() & (one.how_.events | EPOLLERR | EPOLLHUP);
        if (told != 0) events[count++] = {.events = told, .data = one.how_.data};
    }
    return count;
}

}  // namespace garde::sim
