// A configuration for tests of what serves: one service with a procedure and a cache, another one bare. Plain
// backends.
#pragma once

#include "garde/config/settings.hpp"

#include "fixtures.hpp"
#include "pki.hpp"

#include <memory>

namespace garde::test {

inline config::backend_settings backend(const std::string& name, std::uint16_t port = 1) {
    config::backend_settings out;
    out.name = name;
    out.address = {.host = "127.0.0.1", .port = port};
    out.tls = false;
    out.server_name = name + ".garde.test";
    return out;
}

inline config::route_settings route(const std::string& path,
                                    config::route_kind kind = config::route_kind::soap) {
    config::route_settings out;
    out.path = path;
    out.kind = kind;
    return out;
}

/// Two services: `counter`, with procedure and cache, and `bare`, with neither.
inline std::shared_ptr<config::settings> site_settings() {
    auto out = std::make_shared<config::settings>();
    out->node_name = "node-1";
    out->listener.tls = pki::shared().server();
    out->listener.clients = config::client_certificates::off;
    out->admin.tls = pki::shared().server();
    out->status.public_url = "https://status.garde.test";

    config::service_settings counter;
    counter.name = "counter";
    counter.backends = {backend("one"), backend("two")};
    counter.backends[0].role = config::backend_role::primary;
    counter.routes = {route("/counter")};
    counter.cache.emplace();
    counter.procedure.emplace();
    counter.procedure->folder = fixtures() / "procedures";
    counter.procedure->name = "counter";
    counter.procedure->environment = "Test";
    out->services.push_back(std::move(counter));

    config::service_settings bare;
    bare.name = "bare";
    bare.backends = {backend("three")};
    bare.backends[0].role = config::backend_role::primary;
    bare.routes = {route("/bare", config::route_kind::http)};
    out->services.push_back(std::move(bare));
    return out;
}

}  // namespace garde::test
