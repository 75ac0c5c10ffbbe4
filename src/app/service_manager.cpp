// See service_manager.hpp.
#include "garde/app/service_manager.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace garde::app {
namespace {

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before other threads
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t out = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return out;
}

/// A line break would begin another assignment.
std::string one_line(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c == '\n') c = ' ';
    return out;
}

}  // namespace

service_manager::address service_manager::from_environment() {
    address out;
    out.socket = variable("NOTIFY_SOCKET");
    const auto interval = number(variable("WATCHDOG_USEC"));
    const auto meant = number(variable("WATCHDOG_PID"));
    if (interval && *interval > 0 && (!meant || *meant == ::getpid()))
        out.watchdog = std::chrono::microseconds(*interval);
    return out;
}

service_manager::service_manager(address at) : at_(std::move(at)) {
    const std::string& name = at_.socket;
    if (name.size() < 2 || name.size() >= sizeof sockaddr_un{}.sun_path || (name[0] != '/' && name[0] != '@'))
        return;
    descriptor_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

service_manager::~service_manager() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void service_manager::ready(std::string_view status) const {
    send(fmt::format("READY=1\nSTATUS={}", one_line(status)));
}

void service_manager::reloading(std::chrono::steady_clock::time_point now) const {
    const auto since_boot = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_boot.count()));
}

void service_manager::stopping(std::string_view status) const {
    send(fmt::format("STOPPING=1\nSTATUS={}", one_line(status)));
}

void service_manager::alive() const {
    send("WATCHDOG=1");
}

void service_manager::status(std::string_view text) const {
    send(fmt::format("STATUS={}", one_line(text)));
}

std::optional<std::chrono::microseconds> service_manager::alive_interval() const {
    if (descriptor_ < 0 || !at_.watchdog) return std::nullopt;
    return *at_.watchdog / 2;
}

void service_manager::send(std::string_view message) const {
    if (descriptor_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const std::string& name = at_.socket;
    std::memcpy(to.sun_path, name.data(), name.size());
    if (name[0] == '@') to.sun_path[0] = '\0';
    // An abstract name ends with the address, a path with its zero byte.
    const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '@' ? 0 : 1);
    ::sendto(descriptor_, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(size));
}

}  // namespace garde::app
