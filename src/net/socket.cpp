// See socket.hpp.
#include "garde/net/socket.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace garde::net {
namespace {

using name_call = int (*)(int, sockaddr*, socklen_t*);

std::optional<endpoint> endpoint_of(const socket& of, name_call call) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    if (call(of.native_handle(), address, &size) != 0) return std::nullopt;
    return endpoint(address, size);
}

/// -1 when it is no socket.
int option_of(const socket& of, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return ::getsockopt(of.native_handle(), SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

void switch_on(const socket& of, int level, int option) {
    const int on = 1;
    ::setsockopt(of.native_handle(), level, option, &on, sizeof on);
}

}  // namespace

endpoint::endpoint(const sockaddr* address, socklen_t size)
    : size_(std::min<socklen_t>(size, sizeof storage_)) {
    std::memcpy(&storage_, address, size_);
}

std::optional<endpoint> endpoint::from_literal(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
    const endpoint out(found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    return out;
}

std::string endpoint::host() const {
    std::array<char, NI_MAXHOST> text{};
    if (size_ == 0 || ::getnameinfo(data(), size_, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
        return {};
    return text.data();
}

std::uint16_t endpoint::port() const {
    if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
    if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
    return 0;
}

std::span<const std::uint8_t> endpoint::address_bytes() const {
    if (family() == AF_INET) {
        const auto& at = reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr;
        return {reinterpret_cast<const std::uint8_t*>(&at), sizeof at};
    }
    if (family() == AF_INET6) {
        const auto& at = reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
        return {reinterpret_cast<const std::uint8_t*>(&at), sizeof at};
    }
    return {};
}

bool operator==(const endpoint& a, const endpoint& b) {
    return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

void socket::close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

socket open_tcp(const endpoint& address) {
    return socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int begin_connect(const socket& from, const endpoint& to) {
    switch_on(from, IPPROTO_TCP, TCP_NODELAY);
    return ::connect(from.native_handle(), to.data(), to.size()) == 0 ? 0 : errno;
}

std::optional<endpoint> local_endpoint(const socket& of) {
    return endpoint_of(of, ::getsockname);
}

std::optional<endpoint> remote_endpoint(const socket& of) {
    return endpoint_of(of, ::getpeername);
}

result<socket> listen_at(const endpoint& address, address_sharing sharing) {
    const auto refuse = [&](const char* step) {
        return fail("cannot " + std::string(step) + " " + address.host() + ":" +
                    std::to_string(address.port()) + ": " + std::strerror(errno));
    };
    socket out = open_tcp(address);
    if (!out.is_open()) return refuse("open a socket for");
    switch_on(out, SOL_SOCKET, SO_REUSEADDR);
    if (sharing == address_sharing::shared) switch_on(out, SOL_SOCKET, SO_REUSEPORT);
    switch_on(out, IPPROTO_TCP, TCP_NODELAY);  // accepted connections inherit it
    if (::bind(out.native_handle(), address.data(), address.size()) != 0) return refuse("bind");
    if (::listen(out.native_handle(), SOMAXCONN) != 0) return refuse("listen on");
    return out;
}

result<socket> listening_socket(int descriptor) {
    socket out(descriptor);
    const int family = option_of(out, SO_DOMAIN);
    if (option_of(out, SO_ACCEPTCONN) != 1 || option_of(out, SO_TYPE) != SOCK_STREAM ||
        (family != AF_INET && family != AF_INET6))
        return fail("descriptor " + std::to_string(descriptor) +
                    " is no socket that listens for TCP connections");
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    return out;
}

result<socket> share(const socket& of) {
    socket out(::fcntl(of.native_handle(), F_DUPFD_CLOEXEC, 0));
    if (!out.is_open()) return fail(std::string("cannot share a socket: ") + std::strerror(errno));
    return out;
}

}  // namespace garde::net
