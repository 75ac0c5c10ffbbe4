// check_ports: tries each port that garde would listen on, as the listeners do, and closes it again.
#include "garde/config/load.hpp"

#include "addresses.hpp"
#include "report.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace garde::config {
namespace {

struct socket_address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

socket_address to_socket_address(const endpoint& at) {
    socket_address out;
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (inet_pton(AF_INET, at.host.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(at.port);
        out.size = sizeof(sockaddr_in);
    } else if (inet_pton(AF_INET6, at.host.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(at.port);
        out.size = sizeof(sockaddr_in6);
    }
    return out;
}

/// The errno of what failed, or 0.
int try_to_listen(const endpoint& at) {
    const auto address = to_socket_address(at);
    if (address.size == 0) return EADDRNOTAVAIL;
    const int descriptor = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return errno;
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int failure = 0;
    if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
        listen(descriptor, 1) != 0)
        failure = errno;
    close(descriptor);
    return failure;
}

std::string_view remedy(int failure) {
    switch (failure) {
        case EADDRINUSE: return "stop what listens there (ss -ltnp shows it), or choose another port";
        case EACCES: return "choose a port from 1024 up, or give garde the capability cap_net_bind_service";
        case EADDRNOTAVAIL: return "write an address of this machine (ip address shows them)";
        default: return "choose another address";
    }
}

void check_port(const endpoint& at, std::string_view table, report& into) {
    const int failure = try_to_listen(at);
    if (failure == 0) return;
    into.error(
        at.line,
        fmt::format("{} cannot listen on {} port {}: {}", table, at.host, at.port, std::strerror(failure)),
        std::string(remedy(failure)));
}

}  // namespace

std::vector<problem> check_ports(const settings& value) {
    report found(value.file);
    check_port(value.listener.address, "[listener]", found);
    check_port(value.admin.address, "[admin]", found);
    check_port(value.status.address, "[status]", found);
    if (value.metrics) check_port(value.metrics->address, "[metrics]", found);
    return found.take();
}

}  // namespace garde::config
