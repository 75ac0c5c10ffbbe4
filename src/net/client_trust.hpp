// Which client certificates a listener believes: authorities and their revocation lists, for handshakes and
// for sessions that are resumed without one.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"
#include "garde/base/result.hpp"
#include "garde/base/x509.hpp"
#include "garde/config/settings.hpp"

#include <openssl/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

namespace garde::net {

/// Immutable once loaded. Any thread.
class client_trust {
  public:
    /// Reads the authorities and lists; nothing when `clients` is off. No list may be of the future at `now`,
    /// and where there is one, every authority must have one.
    static result<client_trust> load(config::client_certificates clients,
                                     const std::filesystem::path& authorities,
                                     const std::vector<std::filesystem::path>& lists,
                                     std::chrono::sys_seconds now);

    /// Makes a context ask for certificates and check them.
    void apply(SSL_CTX* to) const;

    /// Equal exactly where a certificate that was believed once needs no new check of its chain: the same
    /// authorities, the same ones of them revoked, certificates asked for in the same way.
    [[nodiscard]] const digest256& scope() const { return scope_; }

    /// May a session of this certificate, whose chain was believed within the same scope, go on?
    [[nodiscard]] bool still_believes(const X509* peer, std::chrono::sys_seconds now) const;

  private:
    struct store_deleter {
        void operator()(X509_STORE* store) const;
    };
    /// A list, and whether a warning was given that it has expired meanwhile.
    struct expiry_notice {
        explicit expiry_notice(const X509_CRL* of) : list(of) {}
        const X509_CRL* list;
        std::atomic<bool> given{false};
    };
    using expiry_notices = std::vector<std::unique_ptr<expiry_notice>>;

    static int on_verified(int good, X509_STORE_CTX* checked);
    static int attachment();  ///< OpenSSL's index of a store's expiry_notices
    result<void> add_lists(const std::vector<std::filesystem::path>& files, std::chrono::sys_seconds now);
    void make_scope();

    config::client_certificates clients_ = config::client_certificates::off;
    std::unique_ptr<X509_STORE, store_deleter> store_;
    std::vector<certificate_ptr> authorities_;
    std::vector<revocation_list_ptr> lists_;
    digest256 scope_{};
};

}  // namespace garde::net
