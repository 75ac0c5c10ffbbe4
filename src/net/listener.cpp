// See listener.hpp.
#include "garde/net/listener.hpp"

#include <cerrno>
#include <netdb.h>
#include <sys/socket.h>

namespace garde::net {
namespace {

/// Accepted in one go before others have their turn.
constexpr int most_at_once = 64;

/// That one connection's own trouble (accept(2)); any other error does not go away by asking again at once.
bool concerns_one_connection(int code) {
    return code == ECONNABORTED || code == EINTR || code == EPROTO || code == EPERM;
}

constexpr milliseconds pause{50};

socket accept_one(const socket& from) {
    return socket(::accept4(from.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

}  // namespace

struct listener::listening {
    listening(event_loop& on, socket owned)
        : loop(on), watched(on, std::move(owned), watched_socket::state::unknown) {}
    event_loop& loop;
    watched_socket watched;
    on_connection then;
};

result<std::vector<endpoint>> resolve(const config::endpoint& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int failed =
        ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
    if (failed != 0) return fail("cannot resolve " + address.host + ": " + ::gai_strerror(failed));
    std::vector<endpoint> out;
    for (const auto* one = found; one != nullptr; one = one->ai_next)
        out.emplace_back(one->ai_addr, one->ai_addrlen);
    ::freeaddrinfo(found);
    return out;
}

result<std::unique_ptr<listener>> listener::open(event_loop& loop, const config::endpoint& address,
                                                 address_sharing sharing) {
    const auto endpoints = resolve(address);
    if (!endpoints) return std::unexpected(endpoints.error());
    auto listening = listen_at(endpoints->front(), sharing);
    if (!listening) return std::unexpected(listening.error());
    return over(loop, std::move(*listening));
}

std::unique_ptr<listener> listener::over(event_loop& loop, socket listening) {
    auto state = std::make_shared<listener::listening>(loop, std::move(listening));
    return std::unique_ptr<listener>(new listener(std::move(state)));
}

listener::~listener() {
    close();
}

void listener::start(on_connection then) {
    state_->then = std::move(then);
    state_->loop.spawn(accept_all(state_));
}

void listener::stop() {
    // Who is in the queue has been let in by the kernel: closing now would reset him.
    const socket& listens = state_->watched.descriptor();
    for (int i = 0; i < SOMAXCONN && state_->then && listens.is_open(); ++i) {
        socket accepted = accept_one(listens);
        if (accepted.is_open())
            state_->then(std::move(accepted));
        else if (!concerns_one_connection(errno))
            break;
    }
    close();
}

/// The queue may live on in another process, and with it the loop's interest in it: closing alone would not
/// end that.
void listener::close() {
    if (!state_->watched.descriptor().is_open()) return;
    (void)state_->watched.release();
    state_->watched.interrupt();
}

endpoint listener::local_endpoint() const {
    return net::local_endpoint(state_->watched.descriptor()).value_or(endpoint());
}

int listener::descriptor() const {
    return state_->watched.descriptor().native_handle();
}

task<> listener::accept_all(std::shared_ptr<listening> from) {
    const socket& listens = from->watched.descriptor();
    for (int in_a_row = 1; listens.is_open(); ++in_a_row) {
        socket accepted = accept_one(listens);
        if (accepted.is_open()) {
            from->then(std::move(accepted));
            if (in_a_row % most_at_once == 0) co_await from->loop.yield();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            from->watched.used_up(direction::read);
            co_await from->watched.wait(direction::read);
        } else if (!concerns_one_connection(errno)) {
            co_await from->loop.wait_until(std::chrono::steady_clock::now() + pause);
        }
    }
}

}  // namespace garde::net
