// A socket's descriptor and its owner; and the few calls that make one. All are non-blocking and end with
// exec.
#pragma once

#include "garde/base/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace garde::net {

/// An IP address and a port.
class endpoint {
  public:
    endpoint() = default;
    endpoint(const sockaddr* address, socklen_t size);

    /// From an IP literal without brackets, IPv6 with or without a zone; nothing for a name.
    static std::optional<endpoint> from_literal(const std::string& host, std::uint16_t port);

    /// The address as a literal without brackets; empty for no address.
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::uint16_t port() const;
    /// 4 or 16 bytes in network order, none for no address; of this object.
    [[nodiscard]] std::span<const std::uint8_t> address_bytes() const;
    [[nodiscard]] int family() const { return storage_.ss_family; }

    [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    [[nodiscard]] socklen_t size() const { return size_; }

    friend bool operator==(const endpoint& a, const endpoint& b);

  private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

class socket {
  public:
    socket() = default;
    /// Takes ownership; -1 is no socket.
    explicit socket(int descriptor) : descriptor_(descriptor) {}
    socket(socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    socket& operator=(socket&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    socket(const socket&) = delete;
    socket& operator=(const socket&) = delete;
    ~socket() { close(); }

    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int native_handle() const { return descriptor_; }
    void close();
    /// Gives the descriptor away.
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};

/// A TCP socket for this address family; not open when the process has no descriptors left (errno says).
socket open_tcp(const endpoint& address);

/// Begins to connect: 0, EINPROGRESS, or why not.
int begin_connect(const socket& from, const endpoint& to);

/// Both ends of a connection; nothing for a socket that has none.
std::optional<endpoint> local_endpoint(const socket& of);
std::optional<endpoint> remote_endpoint(const socket& of);

/// A socket that listens at this address, which may be shared with others that listen there (SO_REUSEPORT).
enum class address_sharing : std::uint8_t { exclusive, shared };
result<socket> listen_at(const endpoint& address, address_sharing sharing);

/// A socket that listens and that somebody else has opened; takes the descriptor over. Fails when it is
/// anything else.
result<socket> listening_socket(int descriptor);

/// Another descriptor of the same socket, with the same queue of connections.
result<socket> share(const socket& of);

}  // namespace garde::net
