// TLS contexts, made at start and on reload only: modern suites, TLS 1.2 and 1.3. A context may be dropped
// while its connections live.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/session_slot.hpp"
#include "garde/net/ticket_keys.hpp"

#include <openssl/types.h>

#include <filesystem>
#include <functional>
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
    /// For the main listener: certificates by name, client certificates with revocation lists, OCSP stapling,
    /// tickets under `tickets`. Sessions go on over a reload that hands in the same keys, for the same name
    /// and the same client authorities. Fails when a file cannot be used or is out of date at `now()`.
    static result<tls_context> server(const config::listener_settings& settings, ticket_keys_ptr tickets,
                                      std::function<wall_time()> now = wall_now);

    /// For a listener with one certificate, and ticket keys of its own. `client_ca` is read unless `clients`
    /// is off.
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

    /// The same, and it goes on with a session in `sessions` where there is one, and leaves there what the
    /// server hands out. A server that does not know the session any more is checked as always. The slot's
    /// thread, which is the connection's too.
    [[nodiscard]] ssl_ptr connect_side(const std::string& server_name, session_slot& sessions) const;

  private:
    explicit tls_context(SSL_CTX* context) : context_(context, ssl_deleter{}) {}
    std::shared_ptr<SSL_CTX> context_;
    digest256 trust_{};  ///< of a client context: the authorities and its own certificate
};

}  // namespace garde::net
