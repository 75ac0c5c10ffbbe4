// See socket_supply.hpp.
#include "socket_supply.hpp"

#include "garde/net/listener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace garde::app {
namespace {

/// Names that say what a socket is for; systemd's default name is the unit's.
constexpr std::array<std::string_view, 4> known_names{"listener", "admin", "status", "metrics"};

constexpr int first_systemd_descriptor = 3;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

int number_in(const std::string& text) {
    int out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size() ? out : 0;
}

}  // namespace

void socket_supply::add(std::string name, net::socket socket) {
    const bool known = std::ranges::find(known_names, name) != known_names.end();
    entries_.push_back({known ? std::move(name) : std::string(), std::move(socket)});
}

void socket_supply::add(socket_supply&& other) {
    for (auto& one : other.entries_) entries_.push_back(std::move(one));
    other.entries_.clear();
}

result<std::vector<net::socket>> socket_supply::take(std::string_view name, const config::endpoint& address,
                                                     std::size_t count, net::address_sharing sharing) {
    const auto resolved = net::resolve(address);
    if (!resolved) return std::unexpected(resolved.error());
    const net::endpoint at = resolved->front();
    std::vector<net::socket> out;
    for (auto& one : entries_)
        if (one.name == name || (one.name.empty() && net::local_endpoint(one.socket) == at))
            out.push_back(std::move(one.socket));
    std::erase_if(entries_, [](const entry& one) { return !one.socket.is_open(); });

    const std::size_t given = out.size();
    while (out.size() < count) {
        auto opened = net::listen_at(at, sharing);
        // Who opened the first one may not have wanted it shared, or may have been another user.
        if (!opened && given > 0) opened = net::share(out[out.size() % given]);
        if (!opened) return std::unexpected(opened.error());
        out.push_back(std::move(*opened));
    }
    return out;
}

std::vector<net::endpoint> socket_supply::left() const {
    std::vector<net::endpoint> out;
    for (const auto& one : entries_)
        if (const auto at = net::local_endpoint(one.socket)) out.push_back(*at);
    return out;
}

result<socket_supply> sockets_from_systemd() {
    socket_supply out;
    const int count = number_in(environment("LISTEN_FDS"));
    const bool ours = number_in(environment("LISTEN_PID")) == ::getpid();
    std::string names = environment("LISTEN_FDNAMES");
    for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
    if (!ours) return out;
    for (int i = 0; i < count; ++i) {
        const auto end = std::min(names.find(':'), names.size());
        const std::string name = names.substr(0, end);
        names.erase(0, std::min(end + 1, names.size()));
        auto socket = net::listening_socket(first_systemd_descriptor + i);
        if (!socket) return fail("socket activation: " + socket.error().message);
        out.add(name, std::move(*socket));
    }
    return out;
}

}  // namespace garde::app
