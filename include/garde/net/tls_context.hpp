// TLS contexts, made at start and on reload only: modern suites, TLS 1.2 and 1.3.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"

#include <openssl/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace garde::net {

struct ssl_deleter {
    void operator()(SSL* ssl) const;
    void operator()(SSL_CTX* context) const;
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;

class tls_context {
  public:
    /// For a listener. `client_ca` is read unless `clients` is off.
    static result<tls_context> server(const config::certificate_files& files, config::tls_version min_tls,
                                      config::client_certificates clients,
                                      const std::filesystem::path& client_ca);

    /// For connections to a server whose certificate must chain to `ca`.
    static result<tls_context> client(const std::filesystem::path& ca,
                                      const std::optional<config::certificate_files>& own);

    /// A fresh server side, or nothing when memory is short. Any thread.
    [[nodiscard]] ssl_ptr accept_side() const;

    /// A fresh client side that sends `server_name` (SNI) and demands a certificate for it. Any thread.
    [[nodiscard]] ssl_ptr connect_side(const std::string& server_name) const;

  private:
    explicit tls_context(SSL_CTX* context) : context_(context, ssl_deleter{}) {}
    std::shared_ptr<SSL_CTX> context_;
};

}  // namespace garde::net
