// See tcp_socket.hpp. Linux's tcp_poll, tcp_sendmsg, tcp_recvmsg, tcp_close and tcp_reset are what it
// follows.
#include "tcp_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace garde::sim {
namespace {

/// Before a connection is given up, and how long each try waits (tcp_syn_retries: 6).
constexpr int most_knocks = 7;

/// However small the pieces are that a path cuts, one call makes no more than about so many.
constexpr std::size_t most_pieces = 48;

ssize_t fail_with(int error) {
    errno = error;
    return -1;
}

}  // namespace

std::uint32_t tcp_socket::ready() {
    std::uint32_t out = 0;
    if (error_ != 0) out |= EPOLLERR;
    if (state_ == state::listening && !backlog_.empty()) out |= EPOLLIN;
    if (state_ == state::listening || state_ == state::connecting) return out;
    const bool reads_end = ended_by_peer_ || read_shut_;
    if (state_ != state::connected || (reads_end && write_shut_)) out |= EPOLLHUP;
    if (state_ == state::over || reads_end) out |= EPOLLIN | EPOLLRDHUP;
    if (!in_.empty()) out |= EPOLLIN;
    if (state_ != state::connected || write_shut_ || room() * 3 >= path_->window)
        out |= EPOLLOUT;
    else
        wants_room_ = true;
    return out;
}

int tcp_socket::bind(const sockaddr_in& to) {
    local_ = to;
    return 0;
}

int tcp_socket::listen() {
    state_ = state::listening;
    if (local_.sin_port == 0) local_.sin_port = htons(kernel_.next_port_++);
    return 0;
}

std::shared_ptr<tcp_socket> tcp_socket::accept() {
    if (backlog_.empty()) return nullptr;
    auto out = std::move(backlog_.front());
    backlog_.pop_front();
    return out;
}

moment tcp_socket::delay() {
    return kernel_.luck().between(path_->least_delay, path_->most_delay);
}

int tcp_socket::connect(const sockaddr_in& to) {
    if (state_ == state::connecting) return EALREADY;
    if (state_ != state::fresh) return EISCONN;
    remote_ = to;
    if (local_.sin_family == 0) {
        local_.sin_family = AF_INET;
        local_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (local_.sin_port == 0) local_.sin_port = htons(kernel_.next_port_++);
    path_ = &kernel_.path(kernel_.side_, ntohs(to.sin_port));
    state_ = state::connecting;
    knock(0);
    return EINPROGRESS;
}

/// Sends a SYN; what it meets at the other end decides.
void tcp_socket::knock(int tries) {
    kernel_.at(kernel_.now() + delay(), [self = shared_from_this(), tries] {
        kernel& in = self->kernel_;
        if (self->state_ != state::connecting || self->orphaned_) return;
        if (tries == most_knocks) return self->break_with(ETIMEDOUT);
        if (in.now() < self->path_->frozen_until) {
            in.at(in.now() + std::chrono::seconds(1 << tries), [self, tries] { self->knock(tries + 1); });
            return;
        }
        const auto listener = self->path_->refuses ? nullptr : in.listener_at(ntohs(self->remote_.sin_port));
        if (!listener) {
            in.at(in.now() + self->delay(), [self] { self->break_with(ECONNREFUSED); });
            return;
        }
        auto accepted = std::make_shared<tcp_socket>(in);
        accepted->state_ = state::connected;
        accepted->path_ = self->path_;
        accepted->local_ = self->remote_;
        accepted->remote_ = self->local_;
        if (self->path_->cut_after)
            accepted->cut_after_ = in.luck().between<std::size_t>(0, *self->path_->cut_after);
        accepted->peer_ = self;
        self->peer_ = accepted;
        accepted->put(kind::established);
        listener->backlog_.push_back(std::move(accepted));
        listener->wake();
    });
}

void tcp_socket::put(kind what, std::string bytes) {
    const moment due = kernel_.now() + delay();
    out_.push_back({what, std::move(bytes), out_.empty() ? due : std::max(due, out_.back().due)});
    if (!std::exchange(pumping_, true))
        kernel_.at(out_.front().due, [self = shared_from_this()] { self->pump(); });
}

/// One segment arrives; the next one's time comes after it.
void tcp_socket::pump() {
    if (out_.empty()) {
        pumping_ = false;
        return;
    }
    if (kernel_.now() < path_->frozen_until) {
        kernel_.at(path_->frozen_until, [self = shared_from_this()] { self->pump(); });
        return;
    }
    segment next = std::move(out_.front());
    out_.pop_front();
    arrive(std::move(next));
    if (out_.empty())
        pumping_ = false;
    else
        kernel_.at(std::max(kernel_.now(), out_.front().due), [self = shared_from_this()] { self->pump(); });
}

void tcp_socket::arrive(segment what) {
    ++kernel_.arrivals_;
    const auto to = peer_.lock();
    if (!to || to->orphaned_) {
        // Nobody is there any more: what he is sent is answered with a reset.
        const bool answered = what.what == kind::data || what.what == kind::established;
        if (answered && !orphaned_)
            kernel_.at(kernel_.now() + delay(), [self = shared_from_this()] {
                self->break_with(self->ended_by_peer_ ? EPIPE : ECONNRESET);
            });
        return;
    }
    deliver(what, *to);
}

void tcp_socket::deliver(segment& what, tcp_socket& to) {
    switch (what.what) {
        case kind::established:
            if (to.state_ != state::connecting) return break_with(ECONNRESET);
            to.state_ = state::connected;
            break;
        case kind::end: to.ended_by_peer_ = true; break;
        case kind::broken: return to.break_with(to.ended_by_peer_ ? EPIPE : ECONNRESET);
        case kind::data:
            if (to.state_ != state::connected) return;
            if (!path_->cut_after) cut_after_.reset();
            if (cut_after_ && what.bytes.size() >= *cut_after_) {
                to.in_.append(what.bytes, 0, *cut_after_);
                return break_both();
            }
            if (cut_after_) *cut_after_ -= what.bytes.size();
            to.in_ += what.bytes;
            break;
    }
    to.wake();
}

void tcp_socket::break_with(int error) {
    if (state_ == state::over) return;
    state_ = state::over;
    error_ = error;
    out_.clear();
    wake();
}

void tcp_socket::break_both() {
    if (const auto other = peer_.lock()) other->break_with(ECONNRESET);
    break_with(ECONNRESET);
}

void tcp_socket::make_room(std::size_t bytes) {
    unread_by_peer_ -= std::min(unread_by_peer_, bytes);
    if (state_ != state::connected || !wants_room_ || room() * 3 < path_->window) return;
    wants_room_ = false;
    wake();
}

ssize_t tcp_socket::send(std::string_view data) {
    if (error_ != 0) return fail_with(take_error());
    if (state_ == state::connecting) return fail_with(EAGAIN);
    if (state_ != state::connected || write_shut_) return fail_with(EPIPE);
    const std::size_t count = std::min(room(), data.size());
    if (count == 0) {
        wants_room_ = true;
        return fail_with(EAGAIN);
    }
    const std::size_t most = std::max(path_->most_segment, count / most_pieces);
    for (std::size_t sent = 0; sent < count;) {
        const std::size_t piece = std::min(kernel_.luck().between<std::size_t>(1, most), count - sent);
        // Most often what is sent at once arrives at once.
        const bool whole = path_->most_segment >= count && kernel_.luck().percent(80);
        put(kind::data, std::string(data.substr(sent, whole ? count : piece)));
        sent += whole ? count : piece;
    }
    unread_by_peer_ += count;
    return static_cast<ssize_t>(count);
}

ssize_t tcp_socket::receive(char* into, std::size_t size, int flags) {
    if (!in_.empty()) {
        const std::size_t count = std::min(size, in_.size());
        std::memcpy(into, in_.data(), count);
        if ((flags & MSG_PEEK) != 0) return static_cast<ssize_t>(count);
        in_.erase(0, count);
        if (const auto sender = peer_.lock()) sender->make_room(count);
        return static_cast<ssize_t>(count);
    }
    if (error_ != 0) return fail_with(take_error());
    if (state_ == state::over || ended_by_peer_ || read_shut_) return 0;
    return fail_with(state_ == state::fresh ? ENOTCONN : EAGAIN);
}

int tcp_socket::shutdown(int how) {
    if (state_ != state::connected) return ENOTCONN;
    if (how != SHUT_RD && !std::exchange(write_shut_, true)) put(kind::end);
    if (how != SHUT_WR) read_shut_ = true;
    wake();
    return 0;
}

/// What arrived and was not read makes the end a reset (RFC 2525, 2.17).
void tcp_socket::on_close() {
    orphaned_ = true;
    for (const auto& waiting : std::exchange(backlog_, {})) waiting->on_close();
    if (state_ != state::connected) {
        state_ = state::over;
        return;
    }
    if (!in_.empty()) {
        out_.clear();
        put(kind::broken);
    } else if (!write_shut_) {
        put(kind::end);
    }
    write_shut_ = true;
}

}  // namespace garde::sim
