// See signals.hpp.
#include "garde/net/signals.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/signalfd.h>
#include <unistd.h>

namespace garde::net {

struct signals::source {
    source(event_loop& loop, socket descriptor, std::function<void(int)> with)
        : watched(loop, std::move(descriptor), watched_socket::state::unknown), then(std::move(with)) {}
    watched_socket watched;
    std::function<void(int)> then;
};

namespace {

sigset_t set_of(std::span<const int> which) {
    sigset_t out;
    ::sigemptyset(&out);
    for (const int one : which) ::sigaddset(&out, one);
    return out;
}

}  // namespace

void signals::block(std::span<const int> which) {
    const sigset_t set = set_of(which);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

result<std::unique_ptr<signals>> signals::take(event_loop& loop, std::span<const int> which,
                                               std::function<void(int)> then) {
    const sigset_t set = set_of(which);
    socket descriptor(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!descriptor.is_open()) return fail(std::string("cannot wait for signals: ") + std::strerror(errno));
    auto from = std::make_shared<source>(loop, std::move(descriptor), std::move(then));
    loop.spawn(read_all(from));
    return std::unique_ptr<signals>(new signals(std::move(from)));
}

signals::~signals() {
    from_->watched.close();
    from_->watched.interrupt();
}

task<> signals::read_all(std::shared_ptr<source> from) {
    while (from->watched.descriptor().is_open()) {
        signalfd_siginfo what{};
        if (::read(from->watched.descriptor().native_handle(), &what, sizeof what) == sizeof what) {
            from->then(static_cast<int>(what.ssi_signo));
        } else {
            from->watched.used_up(direction::read);
            co_await from->watched.wait(direction::read);
        }
    }
}

}  // namespace garde::net
