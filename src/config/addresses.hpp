// Host and port as the configuration writes them.
#pragma once

#include "garde/config/settings.hpp"

#include "reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::config {

/// "127.0.0.1:8443", "[::1]:8443", "name:443"; nothing on anything else. `line` is left 0.
std::optional<endpoint> parse_endpoint(std::string_view text);

enum class host_kind : std::uint8_t {
    any,         ///< a name or an IP address
    ip_literal,  ///< an IP address: what garde listens on must not depend on a name server
};

void read_endpoint(table_reader& in, endpoint& into, host_kind hosts);

[[nodiscard]] bool is_ip_literal(std::string_view host);
[[nodiscard]] bool is_loopback(std::string_view host);

/// True when one process cannot listen on both: same port, and the same address or one that stands for all.
[[nodiscard]] bool collide(const endpoint& a, const endpoint& b);

}  // namespace garde::config
