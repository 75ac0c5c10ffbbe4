// Which certificate is shown to whom: by the name that a client asks for (SNI, RFC 6066, 3).
#pragma once

#include "garde/net/tls_context.hpp"

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace garde::net {

/// A name as it was asked for, in lower case; empty when there was none, or none that can be a name.
class requested_name {
  public:
    /// Only inside a client hello callback.
    explicit requested_name(SSL* ssl);
    [[nodiscard]] std::string_view text() const { return {text_.data(), size_}; }

  private:
    static constexpr std::size_t limit = 255;  ///< of a host name
    std::array<char, limit> text_{};
    std::size_t size_ = 0;
};

/// Immutable once filled. Any thread.
class server_names {
  public:
    /// The names of the certificate that everybody else gets: an exact name of its own goes before another
    /// certificate's wildcard.
    void set_default(const std::vector<std::string>& names) { add(names, nullptr); }

    /// A name that is there already keeps its certificate.
    void add(const std::vector<std::string>& names, std::unique_ptr<SSL_CTX, ssl_deleter> context);

    /// Null where the default certificate is to be shown.
    [[nodiscard]] SSL_CTX* find(std::string_view name) const;

  private:
    std::map<std::string, SSL_CTX*, std::less<>> exact_;
    std::map<std::string, SSL_CTX*, std::less<>> wildcard_;  ///< "*.garde.test" as ".garde.test"
    std::vector<std::unique_ptr<SSL_CTX, ssl_deleter>> contexts_;
};

}  // namespace garde::net
