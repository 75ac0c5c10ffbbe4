// The calls of libc that reach a kernel, defined in the program itself: the dynamic linker gives them to
// libssl and libstdc++ too. Simulated descriptors, and time while a simulated kernel lives, go there; all
// else goes on to libc.
#include "kernel.hpp"

#include <cerrno>
#include <cstdarg>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

using garde::sim::first_descriptor;
using garde::sim::kernel;

/// The simulated kernel when the descriptor is one of its own.
kernel* owner_of(int descriptor) {
    return descriptor >= first_descriptor ? kernel::active() : nullptr;
}

template <class Call>
Call* next(const char* name) {
    return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

timespec to_timespec(std::chrono::nanoseconds time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

}  // namespace

/// The next definition of this call behind this program's: libc's, or a sanitizer's.
#define GARDE_REAL(name) static const auto real = next<decltype(::name)>(#name)

extern "C" {

int socket(int family, int type, int protocol) noexcept {
    GARDE_REAL(socket);
    return kernel::active() != nullptr ? kernel::active()->socket(family, type)
                                       : real(family, type, protocol);
}

int epoll_create1(int flags) noexcept {
    GARDE_REAL(epoll_create1);
    return kernel::active() != nullptr ? kernel::active()->make_epoll() : real(flags);
}

int eventfd(unsigned count, int flags) noexcept {
    GARDE_REAL(eventfd);
    return kernel::active() != nullptr ? kernel::active()->make_eventfd() : real(count, flags);
}

int close(int descriptor) {
    GARDE_REAL(close);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->close(descriptor) : real(descriptor);
}

int bind(int descriptor, const sockaddr* address, socklen_t size) noexcept {
    GARDE_REAL(bind);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->bind(descriptor, address, size) : real(descriptor, address, size);
}

int listen(int descriptor, int backlog) noexcept {
    GARDE_REAL(listen);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->listen(descriptor) : real(descriptor, backlog);
}

int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
    GARDE_REAL(accept4);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->accept(descriptor, address, size) : real(descriptor, address, size, flags);
}

int connect(int descriptor, const sockaddr* address, socklen_t size) {
    GARDE_REAL(connect);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->connect(descriptor, address, size) : real(descriptor, address, size);
}

int shutdown(int descriptor, int how) noexcept {
    GARDE_REAL(shutdown);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->shutdown(descriptor, how) : real(descriptor, how);
}

ssize_t send(int descriptor, const void* data, std::size_t size, int flags) {
    GARDE_REAL(send);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->send(descriptor, data, size) : real(descriptor, data, size, flags);
}

ssize_t recv(int descriptor, void* into, std::size_t size, int flags) {
    GARDE_REAL(recv);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->receive(descriptor, into, size, flags) : real(descriptor, into, size, flags);
}

ssize_t read(int descriptor, void* into, std::size_t size) {
    GARDE_REAL(read);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->receive(descriptor, into, size, 0) : real(descriptor, into, size);
}

ssize_t write(int descriptor, const void* data, std::size_t size) {
    GARDE_REAL(write);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->write(descriptor, data, size) : real(descriptor, data, size);
}

int getsockopt(int descriptor, int level, int option, void* value, socklen_t* size) noexcept {
    GARDE_REAL(getsockopt);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->get_option(descriptor, level, option, value, size)
                         : real(descriptor, level, option, value, size);
}

int setsockopt(int descriptor, int level, int option, const void* value, socklen_t size) noexcept {
    GARDE_REAL(setsockopt);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->set_option(descriptor) : real(descriptor, level, option, value, size);
}

int getsockname(int descriptor, sockaddr* address, socklen_t* size) noexcept {
    GARDE_REAL(getsockname);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->local_name(descriptor, address, size) : real(descriptor, address, size);
}

int getpeername(int descriptor, sockaddr* address, socklen_t* size) noexcept {
    GARDE_REAL(getpeername);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->peer_name(descriptor, address, size) : real(descriptor, address, size);
}

int epoll_ctl(int descriptor, int operation, int target, epoll_event* event) noexcept {
    GARDE_REAL(epoll_ctl);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->epoll_control(descriptor, operation, target, event)
                         : real(descriptor, operation, target, event);
}

int epoll_wait(int descriptor, epoll_event* events, int most, int timeout) {
    GARDE_REAL(epoll_wait);
    kernel* const in = owner_of(descriptor);
    return in != nullptr ? in->epoll_wait(descriptor, events, most, timeout)
                         : real(descriptor, events, most, timeout);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    GARDE_REAL(clock_gettime);
    const kernel* const in = kernel::active();
    if (in == nullptr) return real(clock, now);
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE: *now = to_timespec(in->wall()); return 0;
        case CLOCK_MONOTONIC:
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_MONOTONIC_COARSE:
        case CLOCK_BOOTTIME: *now = to_timespec(in->now()); return 0;
        default: return real(clock, now);
    }
}

time_t time(time_t* into) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (into != nullptr) *into = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(timeval* into, void* /*zone*/) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    *into = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

}  // extern "C"
