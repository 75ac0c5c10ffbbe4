// What all workers share and none changes: the configuration made ready for requests. One per configuration;
// made at start and on reload.
#pragma once

#include "garde/base/result.hpp"
#include "garde/cache/cache_desk.hpp"
#include "garde/caller/identity.hpp"
#include "garde/config/settings.hpp"
#include "garde/emergency/procedure.hpp"
#include "garde/emergency/receipt.hpp"
#include "garde/emergency/stand_in_policy.hpp"
#include "garde/net/tls_context.hpp"
#include "garde/upstream/target.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace garde::proxy {

/// One service, ready to serve.
struct service_site {
    const config::service_settings* settings = nullptr;
    std::vector<upstream::target_ptr> targets;  ///< as made; workers get newer ones by message
    std::optional<emergency::procedure> procedure;
    std::shared_ptr<const config::cache_settings> cache_rules;  ///< null without cache
    emergency::stand_in_policy stand_in;
};

/// Where a request belongs.
struct route_match {
    std::size_t service = 0;
    const config::route_settings* route = nullptr;
};

class site;
using site_ptr = std::shared_ptr<const site>;

class site {
  public:
    /// Reads certificates and texts. Names are not resolved yet. Callers' sessions go on over a reload that
    /// hands in the former site's `tickets`.
    static result<site_ptr> make(config::settings_ptr settings, net::ticket_keys_ptr tickets = nullptr);

    /// An exact path first, else the longest prefix.
    [[nodiscard]] std::optional<route_match> find(std::string_view path) const;

    /// May this caller be given cached answers on this route? Also true of who has not shown a certificate,
    /// but may have signed his message: the cache's desk finds that out when it matters.
    [[nodiscard]] bool may_use_cache(const route_match& where, const caller::identity& who) const;

    /// May this caller's requests be kept on this route? Never true of the unverified.
    [[nodiscard]] static bool may_be_deferred(const route_match& where, const caller::identity& who);

    [[nodiscard]] const config::settings& settings() const { return *settings_; }
    [[nodiscard]] const config::settings_ptr& shared_settings() const { return settings_; }
    [[nodiscard]] const service_site& service(std::size_t index) const { return services_[index]; }
    [[nodiscard]] const std::vector<service_site>& services() const { return services_; }
    [[nodiscard]] const net::ticket_keys_ptr& tickets() const { return tickets_; }
    [[nodiscard]] const net::tls_context& listener_tls() const { return *listener_tls_; }
    [[nodiscard]] const net::tls_context& admin_tls() const { return *admin_tls_; }
    /// Absent: the status site speaks plain HTTP.
    [[nodiscard]] const std::optional<net::tls_context>& status_tls() const { return status_tls_; }
    [[nodiscard]] const std::optional<emergency::receipt_signer>& receipts() const { return receipts_; }
    /// The public keys of receipts as a JWK set, without any where no receipts are given.
    [[nodiscard]] const std::string& receipt_keys() const { return receipt_keys_; }

  private:
    site() = default;
    result<void> read_certificates();

    config::settings_ptr settings_;
    std::vector<service_site> services_;
    net::ticket_keys_ptr tickets_;
    std::optional<net::tls_context> listener_tls_;
    std::optional<net::tls_context> admin_tls_;
    std::optional<net::tls_context> status_tls_;
    std::optional<emergency::receipt_signer> receipts_;
    std::string receipt_keys_ = R"({"keys":[]})";
};

}  // namespace garde::proxy
