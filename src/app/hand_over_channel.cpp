// See hand_over_channel.hpp.
#include "hand_over_channel.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace garde::app {
namespace {

constexpr std::size_t largest_message = std::size_t{64} * 1024;

std::unexpected<error> failed(const char* what) {
    return fail(
        fmt::format("cannot {}: {}", what, std::error_code(errno, std::generic_category()).message()));
}

/// A socket's address may have 107 characters, a folder's path more: so it goes by the folder's descriptor.
struct address_in {
    owned_descriptor folder;
    sockaddr_un name{};
};

result<address_in> address_of(const std::filesystem::path& data_dir, const std::string& name) {
    address_in out;
    out.folder = owned_descriptor(::open(data_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!out.folder.is_open()) return failed("open the data folder");
    const std::string path = fmt::format("/proc/self/fd/{}/{}", out.folder.get(), name);
    out.name.sun_family = AF_UNIX;
    if (path.size() >= sizeof out.name.sun_path) return fail("the name of the socket is too long");
    std::memcpy(out.name.sun_path, path.c_str(), path.size() + 1);
    return out;
}

owned_descriptor open_socket() {
    return owned_descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}

const sockaddr* generic(const sockaddr_un& name) {
    return reinterpret_cast<const sockaddr*>(&name);
}

result<void> wait(int descriptor, short events, milliseconds limit) {
    pollfd one{descriptor, events, 0};
    const int ready = ::poll(&one, 1, static_cast<int>(limit.count()));
    if (ready > 0) return {};
    if (ready == 0) return fail("the other process does not answer");
    return failed("wait for the other process");
}

/// Room for one descriptor beside a message.
union control_room {
    cmsghdr align;
    std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

owned_descriptor descriptor_in(msghdr& message) {
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return {};
    int out = -1;
    std::memcpy(&out, CMSG_DATA(header), sizeof out);
    return owned_descriptor(out);
}

}  // namespace

owned_descriptor::~owned_descriptor() {
    if (value_ >= 0) ::close(value_);
}

result<hand_over_channel> hand_over_channel::over(owned_descriptor connected) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(connected.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return failed("ask who the other process is");
    if (peer.uid != ::geteuid())
        return fail(fmt::format("process {} belongs to another user ({})", peer.pid, peer.uid));
    return hand_over_channel(std::move(connected), peer.pid);
}

result<std::optional<hand_over_channel>> hand_over_channel::connect(const std::filesystem::path& data_dir) {
    const auto address = address_of(data_dir, std::string(hand_over_socket_name));
    if (!address) return std::nullopt;  // a folder that is not there belongs to nobody
    owned_descriptor socket = open_socket();
    if (!socket.is_open()) return failed("open a socket");
    // A process that hangs and whose queue is full must not hold up this one.
    const timeval limit{.tv_sec = 2, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.get(), generic(address->name), sizeof address->name) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
        return failed("connect to the garde that owns the data folder");
    }
    auto out = over(std::move(socket));
    if (!out) return std::unexpected(out.error());
    return std::move(*out);
}

result<void> hand_over_channel::send(const hand_over_message& what, int descriptor, milliseconds limit) {
    std::string text = encode(what);
    if (text.size() > largest_message) return fail("a message is too long");
    iovec part{text.data(), text.size()};
    control_room room{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = room.bytes.data();
        message.msg_controllen = room.bytes.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    if (auto ready = wait(socket_.get(), POLLOUT, limit); !ready) return ready;
    if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return failed("send to the other process");
    return {};
}

bool hand_over_channel::readable(milliseconds limit) const {
    return wait(socket_.get(), POLLIN, limit).has_value();
}

result<hand_over_channel::received> hand_over_channel::receive(milliseconds limit) {
    std::string text(largest_message, '\0');
    iovec part{text.data(), text.size()};
    control_room room{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = room.bytes.data();
    message.msg_controllen = room.bytes.size();
    if (auto ready = wait(socket_.get(), POLLIN, limit); !ready) return std::unexpected(ready.error());
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0) return failed("receive from the other process");
    owned_descriptor descriptor = descriptor_in(message);
    if (got == 0) return fail("the other process has gone");
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return fail("a message came in part only");
    auto what = decode(std::string_view(text).substr(0, static_cast<std::size_t>(got)));
    if (!what) return std::unexpected(what.error());
    return received{std::move(*what), std::move(descriptor)};
}

result<owned_descriptor> listen_for_successor(const std::filesystem::path& data_dir) {
    const std::string temporary = fmt::format("{}.{}", hand_over_socket_name, ::getpid());
    const auto address = address_of(data_dir, temporary);
    if (!address) return std::unexpected(address.error());
    owned_descriptor socket = open_socket();
    if (!socket.is_open()) return failed("open a socket");
    ::unlinkat(address->folder.get(), temporary.c_str(), 0);
    // Before it has a name: Linux gives the name these permissions.
    if (::fchmod(socket.get(), 0600) != 0) return failed("restrict the socket");
    if (::bind(socket.get(), generic(address->name), sizeof address->name) != 0)
        return failed("bind the socket");
    if (::listen(socket.get(), 1) != 0) return failed("listen on the socket");
    const std::string name(hand_over_socket_name);
    if (::renameat(address->folder.get(), temporary.c_str(), address->folder.get(), name.c_str()) != 0)
        return failed("name the socket");
    return socket;
}

}  // namespace garde::app
