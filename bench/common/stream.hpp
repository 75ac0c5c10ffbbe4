// A connection, plain or TLS 1.3, straight on a non-blocking descriptor. One thread.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bench {

struct ssl_deleter {
    void operator()(SSL* ssl) const;
    void operator()(SSL_CTX* context) const;
    void operator()(SSL_SESSION* session) const;
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;
using context_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;
using session_ptr = std::unique_ptr<SSL_SESSION, ssl_deleter>;

/// One version, one suite, one group on both ends, so that every proxy does the same cryptography whatever it
/// would prefer. The client does not verify: what that costs is not the proxy's, and the load's core is the
/// scarce one.
std::expected<context_ptr, std::string> client_context();
/// Shows this certificate to servers that ask for one.
std::expected<void, std::string> show_certificate(SSL_CTX* context, const std::string& certificate,
                                                  const std::string& key);
std::expected<context_ptr, std::string> server_context(const std::string& certificate,
                                                       const std::string& key);

enum class io : std::uint8_t {
    done,   ///< something was done
    again,  ///< it would block
    ended,  ///< the peer closed the connection properly
    failed,
};

class stream {
  public:
    /// `ssl` null means plain. Takes both over.
    stream(int descriptor, ssl_ptr ssl);
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;
    /// Says goodbye (close_notify) after a finished handshake, and closes the descriptor.
    ~stream();

    io handshake();
    /// At least one byte when done.
    io read(std::span<char> into, std::size_t& got);
    /// Some of it when done.
    io write(std::string_view data, std::size_t& put);

    [[nodiscard]] bool resumed() const;
    [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

  private:
    io after_tls(int returned);

    int descriptor_;
    ssl_ptr ssl_;
};

}  // namespace bench
