// See kernel.hpp.
#include "kernel.hpp"

#include "epoll_set.hpp"
#include "tcp_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <stdexcept>
#include <vector>

namespace garde::sim {
namespace {

/// 2026-01-05T08:00:00Z, a working day.
constexpr std::chrono::seconds first_day{1'767'600'000};
constexpr moment uptime = std::chrono::hours(100);

int fail_with(int error) {
    errno = error;
    return -1;
}

int done(int error) {
    return error == 0 ? 0 : fail_with(error);
}

void give(const sockaddr_in& what, sockaddr* address, socklen_t* size) {
    if (address == nullptr) return;
    std::memcpy(address, &what, std::min<std::size_t>(*size, sizeof what));
    *size = sizeof what;
}

const sockaddr_in& as_ipv4(const sockaddr* address) {
    if (address->sa_family != AF_INET) throw std::logic_error("only IPv4 is simulated");
    return *reinterpret_cast<const sockaddr_in*>(address);
}

}  // namespace

kernel* kernel::active_ = nullptr;

kernel::kernel(std::uint64_t seed) : luck_(seed), now_(uptime), wall_base_(first_day - uptime) {
    if (active_ != nullptr) throw std::logic_error("two simulated kernels at a time");
    active_ = this;
}

kernel::~kernel() {
    events_.clear();
    objects_.clear();
    active_ = nullptr;
}

void kernel::at(moment when, std::move_only_function<void()> what) {
    events_.emplace(std::pair(std::max(when, now_), sequence_++), std::move(what));
}

bool kernel::run_due() {
    bool any = false;
    while (!events_.empty() && events_.begin()->first.first <= now_) {
        auto what = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        what();
        any = true;
    }
    return any;
}

std::optional<moment> kernel::next_event() const {
    if (events_.empty()) return std::nullopt;
    return events_.begin()->first.first;
}

void kernel::reset_all(const link& on) {
    for (const auto& [descriptor, object] : objects_)
        if (auto* one = dynamic_cast<tcp_socket*>(object.get()); one != nullptr && one->uses(on))
            if (one->is_connected()) one->break_both();
}

template <class Kind>
Kind* kernel::find(int descriptor) {
    const auto found = objects_.find(descriptor);
    return found == objects_.end() ? nullptr : dynamic_cast<Kind*>(found->second.get());
}

int kernel::install(std::shared_ptr<pollable> object) {
    int descriptor = first_descriptor + static_cast<int>(objects_.size());
    if (!free_.empty()) descriptor = free_.extract(free_.begin()).value();
    objects_.emplace(descriptor, std::move(object));
    return descriptor;
}

std::shared_ptr<tcp_socket> kernel::listener_at(std::uint16_t port) {
    std::vector<std::shared_ptr<tcp_socket>> all;
    for (const auto& [descriptor, object] : objects_)
        if (auto one = std::dynamic_pointer_cast<tcp_socket>(object); one && one->listens_at(port))
            all.push_back(std::move(one));
    return all.empty() ? nullptr : luck_.one_of(all);
}

int kernel::socket(int family, int type) {
    if (family != AF_INET || (type & SOCK_STREAM) == 0 || (type & SOCK_NONBLOCK) == 0)
        throw std::logic_error("only TCP sockets over IPv4 that do not block are simulated");
    return install(std::make_shared<tcp_socket>(*this));
}

int kernel::make_epoll() {
    return install(std::make_shared<epoll_set>());
}

int kernel::make_eventfd() {
    return install(std::make_shared<event_counter>());
}

int kernel::close(int descriptor) {
    const auto found = objects_.find(descriptor);
    if (found == objects_.end()) throw std::logic_error("a descriptor is closed that is not open");
    const auto object = std::move(found->second);
    objects_.erase(found);
    free_.insert(descriptor);
    object->unwatch();
    object->on_close();
    return 0;
}

int kernel::bind(int descriptor, const sockaddr* address, socklen_t /*size*/) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : done(one->bind(as_ipv4(address)));
}

int kernel::listen(int descriptor) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : done(one->listen());
}

int kernel::accept(int descriptor, sockaddr* address, socklen_t* size) {
    auto* one = find<tcp_socket>(descriptor);
    if (one == nullptr) return fail_with(EBADF);
    auto accepted = one->accept();
    if (!accepted) return fail_with(EAGAIN);
    give(accepted->remote(), address, size);
    return install(std::move(accepted));
}

int kernel::connect(int descriptor, const sockaddr* address, socklen_t /*size*/) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : done(one->connect(as_ipv4(address)));
}

int kernel::shutdown(int descriptor, int how) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : done(one->shutdown(how));
}

ssize_t kernel::send(int descriptor, const void* data, std::size_t size) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : one->send({static_cast<const char*>(data), size});
}

ssize_t kernel::receive(int descriptor, void* into, std::size_t size, int flags) {
    auto* one = find<tcp_socket>(descriptor);
    return one == nullptr ? fail_with(EBADF) : one->receive(static_cast<char*>(into), size, flags);
}

ssize_t kernel::write(int descriptor, const void* data, std::size_t size) {
    auto* counter = find<event_counter>(descriptor);
    if (counter == nullptr) return send(descriptor, data, size);
    std::uint64_t count = 0;
    std::memcpy(&count, data, sizeof count);
    counter->add(count);
    return sizeof count;
}

int kernel::get_option(int descriptor, int level, int option, void* value, socklen_t* size) {
    auto* one = find<tcp_socket>(descriptor);
    if (one == nullptr) return fail_with(EBADF);
    if (level != SOL_SOCKET || option != SO_ERROR) throw std::logic_error("only SO_ERROR is simulated");
    const int error = one->take_error();
    std::memcpy(value, &error, sizeof error);
    *size = sizeof error;
    return 0;
}

int kernel::set_option(int descriptor) {
    return find<tcp_socket>(descriptor) == nullptr ? fail_with(EBADF) : 0;
}

int kernel::local_name(int descriptor, sockaddr* address, socklen_t* size) {
    auto* one = find<tcp_socket>(descriptor);
    if (one == nullptr) return fail_with(EBADF);
    give(one->local(), address, size);
    return 0;
}

int kernel::peer_name(int descriptor, sockaddr* address, socklen_t* size) {
    auto* one = find<tcp_socket>(descriptor);
    if (one == nullptr) return fail_with(EBADF);
    if (!one->is_connected()) return fail_with(ENOTCONN);
    give(one->remote(), address, size);
    return 0;
}

int kernel::epoll_control(int descriptor, int operation, int target, epoll_event* event) {
    auto* set = find<epoll_set>(descriptor);
    auto* one = find<pollable>(target);
    return set == nullptr || one == nullptr ? fail_with(EBADF) : done(set->control(operation, *one, event));
}

int kernel::epoll_wait(int descriptor, epoll_event* events, int most, int timeout) {
    auto* set = find<epoll_set>(descriptor);
    if (set == nullptr) return fail_with(EBADF);
    if (timeout != 0) throw std::logic_error("who turns a simulated loop does not let it wait");
    return set->take(events, most);
}

}  // namespace garde::sim
