// The TLS sessions that a backend has handed out, kept for the next connection to it.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace garde::net {

/// Of one backend and one thread: that of the connections that use it. It may die before them.
class session_slot {
  public:
    static constexpr std::size_t kept = 4;  ///< the newest; older ones are dropped

    session_slot();
    session_slot(session_slot&&) noexcept;
    session_slot& operator=(session_slot&&) noexcept;
    session_slot(const session_slot&) = delete;
    session_slot& operator=(const session_slot&) = delete;
    ~session_slot();

    [[nodiscard]] std::size_t size() const;

    /// For a tls_context: who may use these sessions. Drops them all when that changes: other authorities,
    /// another client certificate or another name would get past their check otherwise.
    using scope = std::array<std::uint8_t, 32>;
    void use_for(const scope& wanted);

    /// For a tls_context: `client` goes on with the newest session whose certificate is still valid, if there
    /// is one. A ticket of TLS 1.3 is shown once (RFC 8446, C.4).
    void offer(SSL* client);

    /// For a tls_context: what `client` is handed from now on goes here. False when memory is short.
    [[nodiscard]] bool attach(SSL* client) const;

    /// For a tls_context: makes the connections of a client context keep what they are handed.
    static void enable(SSL_CTX* clients);

  private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace garde::net
