// One backend as connections are made to it: addresses, TLS, names. Immutable; a new one replaces it when its
// name resolves anew.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"
#include "garde/net/socket.hpp"
#include "garde/net/tls_context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace garde::upstream {

struct target {
    std::string name;                      ///< the backend's name, for logs
    std::string server_name;               ///< SNI, certificate check, Host
    std::vector<net::endpoint> addresses;  ///< empty while the name does not resolve
    std::optional<net::tls_context> tls;   ///< absent: plain
};
using target_ptr = std::shared_ptr<const target>;

/// Reads the backend's certificates. An IP literal is its address; a name is not resolved here.
result<target> make_target(const config::backend_settings& settings);

}  // namespace garde::upstream
