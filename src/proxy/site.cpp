// See site.hpp.
#include "garde/proxy/site.hpp"

#include <algorithm>

namespace garde::proxy {
namespace {

result<service_site> make_service(const config::service_settings& settings, const std::string& public_url) {
    service_site out;
    out.settings = &settings;
    for (const auto& backend : settings.backends) {
        auto target = upstream::make_target(backend);
        if (!target) return fail("backend " + backend.name + ": " + target.error().message);
        out.targets.push_back(std::make_shared<const upstream::target>(std::move(*target)));
    }
    if (settings.procedure) {
        auto loaded = emergency::procedure::load(*settings.procedure, public_url, settings.name);
        if (!loaded) return std::unexpected(loaded.error());
        out.procedure = std::move(*loaded);
    }
    out.stand_in = emergency::stand_in_policy(settings.stand_in);
    if (settings.cache) out.cache_rules = std::make_shared<const config::cache_settings>(*settings.cache);
    return out;
}

/// How much of `path` the pattern matches: its length when it does, nothing when it does not.
std::optional<std::size_t> match(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with("/*")) return pattern == path ? std::optional(pattern.size() + 1) : std::nullopt;
    pattern.remove_suffix(1);
    return path.starts_with(pattern) ? std::optional(pattern.size()) : std::nullopt;
}

/// Of garde's own pages, which ask nobody for a certificate.
result<net::tls_context> pages_tls(const config::certificate_files& files) {
    return net::tls_context::server(files, config::tls_version::tls1_2, config::client_certificates::off, {});
}

}  // namespace

result<void> site::read_certificates() {
    const config::settings& all = *settings_;
    auto listener = net::tls_context::server(all.listener, tickets_);
    if (!listener) return std::unexpected(listener.error());
    listener_tls_ = std::move(*listener);
    auto admin = pages_tls(all.admin.tls);
    if (!admin) return std::unexpected(admin.error());
    admin_tls_ = std::move(*admin);
    if (!all.status.tls) return {};
    auto status = pages_tls(*all.status.tls);
    if (!status) return std::unexpected(status.error());
    status_tls_ = std::move(*status);
    return {};
}

result<site_ptr> site::make(config::settings_ptr settings, net::ticket_keys_ptr tickets) {
    std::shared_ptr<site> out(new site);
    out->settings_ = std::move(settings);
    out->tickets_ = tickets ? std::move(tickets) : std::make_shared<net::ticket_keys>(wall_now());
    const config::settings& all = *out->settings_;
    if (auto read = out->read_certificates(); !read) return std::unexpected(read.error());
    if (all.receipts) {
        auto signer = emergency::receipt_signer::load(all.receipts->key, all.receipts->issuer);
        if (!signer) return std::unexpected(signer.error());
        out->receipts_ = std::move(*signer);
        std::vector<std::filesystem::path> files{all.receipts->key};
        files.insert(files.end(), all.receipts->former_keys.begin(), all.receipts->former_keys.end());
        const auto keys = emergency::receipt_keys::load(files);
        if (!keys) return std::unexpected(keys.error());
        out->receipt_keys_ = keys->to_jwks();
    }
    for (const auto& service : all.services) {
        auto made = make_service(service, all.status.public_url);
        if (!made) return fail("service " + service.name + ": " + made.error().message);
        out->services_.push_back(std::move(*made));
    }
    return out;
}

std::optional<route_match> site::find(std::string_view path) const {
    std::optional<route_match> best;
    std::size_t best_length = 0;
    for (std::size_t i = 0; i < services_.size(); ++i) {
        for (const auto& route : services_[i].settings->routes) {
            const auto length = match(route.path, path);
            if (!length || *length <= best_length) continue;
            best = route_match{i, &route};
            best_length = *length;
        }
    }
    return best;
}

bool site::may_be_deferred(const route_match& where, const caller::identity& who) {
    return where.route->deferred != config::deferral::none && who.verified() &&
           caller::any_matches(*where.route->deferred_callers, who);
}

bool site::may_use_cache(const route_match& where, const caller::identity& who) const {
    if (!where.route->cached || !services_[where.service].cache_rules) return false;
    if (who.verified()) return caller::any_matches(*where.route->cached_callers, who);
    return settings_->callers->assertions != nullptr;
}

}  // namespace garde::proxy
