// See watched_socket.hpp.
#include "garde/net/watched_socket.hpp"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace garde::net {

watched_socket::watched_socket(event_loop& loop, socket owned, state now)
    : loop_(loop), socket_(std::move(owned)), writable_(now == state::connected) {
    epoll_event wanted{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = this}};
    // Where the kernel has no memory for it, nothing is ever announced: the deadlines end the connection.
    (void)::epoll_ctl(loop_.epoll_, EPOLL_CTL_ADD, socket_.native_handle(), &wanted);
}

ssize_t watched_socket::receive(std::span<char> into) {
    if (!readable_) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = 0;
    do got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
    while (got < 0 && errno == EINTR);
    // epoll(7): less than was asked for is all there is, and more will be announced. An end that was
    // announced already will not be announced again.
    const bool all = got > 0 && static_cast<std::size_t>(got) < into.size() && !ended_;
    if (all || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))) readable_ = false;
    return got;
}

ssize_t watched_socket::transmit(std::string_view data) {
    const int flags = MSG_NOSIGNAL | (more_follows_ ? MSG_MORE : 0);
    ssize_t put = 0;
    do put = ::send(socket_.native_handle(), data.data(), data.size(), flags);
    while (put < 0 && errno == EINTR);
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) writable_ = false;
    return put;
}

void watched_socket::on_events(std::uint32_t events) {
    constexpr std::uint32_t over = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
    if ((events & (EPOLLIN | over)) != 0) readable_ = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
    if ((events & over) != 0) ended_ = true;
    if (waiting_ != nullptr && ready(wanted_)) std::exchange(waiting_, nullptr)->resume();
}

void watched_socket::interrupt() {
    if (waiting_ != nullptr) loop_.resume_soon(*std::exchange(waiting_, nullptr));
}

void watched_socket::close() {
    if (!socket_.is_open()) return;
    loop_.forget(this);
    socket_.close();
}

socket watched_socket::release() {
    loop_.forget(this);
    (void)::epoll_ctl(loop_.epoll_, EPOLL_CTL_DEL, socket_.native_handle(), nullptr);
    return std::move(socket_);
}

}  // namespace garde::net
