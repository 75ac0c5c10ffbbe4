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
    if (settings.cache) out.cache_rules = std::make_shared<const config::cache_settings>(*settings.cache);
    return out;
}

/// How much of `path` the pattern matches: its length when it does, nothing when it does not.
std::optional<std::size_t> match(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with("/*")) return pattern == path ? std::optional(pattern.size() + 1) : std::nullopt;
    pattern.remove_suffix(1);
    return path.starts_with(pattern) ? std::optional(pattern.size()) : std::nullopt;
}

}  // namespace

result<std::unique_ptr<const site>> site::make(config::settings_ptr settings) {
    std::unique_ptr<site> out(new site);
    out->settings_ = std::move(settings);
    const config::settings& all = *out->settings_;
    auto tls = net::tls_context::server(all.listener, std::make_shared<net::ticket_keys>(wall_now()));
    if (!tls) return std::unexpected(tls.error());
    out->listener_tls_ = std::move(*tls);
    if (all.receipts) {
        auto signer = emergency::receipt_signer::load(all.receipts->key, all.receipts->issuer);
        if (!signer) return std::unexpected(signer.error());
        out->receipts_ = std::move(*signer);
    }
    for (const auto& service : all.services) {
        auto made = make_service(service, all.status.public_url);
        if (!made) return fail("service " + service.name + ": " + made.error().message);
        out->services_.push_back(std::move(*made));
    }
    return std::unique_ptr<const site>(std::move(out));
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

bool site::may_use_cache(const route_match& where, const caller::identity& who) const {
    if (!where.route->cached || !services_[where.service].cache_rules || !who.verified()) return false;
    return std::ranges::any_of(where.route->cached_callers,
                               [&](const std::string& pattern) { return who.matches(pattern); });
}

}  // namespace garde::proxy
