// See addresses.hpp.
#include "addresses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string>

namespace garde::config {
namespace {

constexpr std::size_t host_limit = 253;  // RFC 1035, 2.3.4

bool is_ipv4(std::string_view host) {
    in_addr out{};
    return inet_pton(AF_INET, std::string(host).c_str(), &out) == 1;
}

bool is_ipv6(std::string_view host) {
    in6_addr out{};
    return inet_pton(AF_INET6, std::string(host).c_str(), &out) == 1;
}

bool is_name(std::string_view host) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    };
    if (host.empty() || host.size() > host_limit || !std::ranges::all_of(host, allowed)) return false;
    // Digits and dots alone are an IPv4 address with a mistake, never a name.
    return std::ranges::any_of(host, [](char c) { return c != '.' && (c < '0' || c > '9'); });
}

bool is_any_address(std::string_view host) {
    return host == "0.0.0.0" || host == "::";
}

}  // namespace

bool is_ip_literal(std::string_view host) {
    return is_ipv4(host) || is_ipv6(host);
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || (is_ipv4(host) && host.starts_with("127."));
}

std::optional<endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);

    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failure != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;

    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        if (!is_ipv6(host)) return std::nullopt;
    } else if (!is_ipv4(host) && !is_name(host)) {
        return std::nullopt;
    }
    endpoint out;
    out.host = host;
    out.port = port;
    return out;
}

void read_endpoint(table_reader& in, endpoint& into, host_kind hosts) {
    const std::string sample = hosts == host_kind::any ? "\"backend.example:443\"" : "\"127.0.0.1:8443\"";
    std::string text;
    in.read_text("address", text, need::required, sample);
    if (text.empty()) return;
    auto parsed = parse_endpoint(text);
    if (!parsed)
        return in.error(
            "address", fmt::format("= \"{}\" is not an address with a port", text),
            "write host:port with a port from 1 to 65535, an IPv6 address in brackets: \"[::1]:8443\"");
    if (hosts == host_kind::ip_literal && !is_ip_literal(parsed->host))
        return in.error(
            "address", fmt::format("= \"{}\" names a host by name", text),
            fmt::format("write the IP address to listen on, e.g. \"127.0.0.1:{}\"", parsed->port));
    into = std::move(*parsed);
    into.line = in.line_of({"address"});
}

bool collide(const endpoint& a, const endpoint& b) {
    if (a.port == 0 || a.port != b.port) return false;
    return a.host == b.host || is_any_address(a.host) || is_any_address(b.host);
}

}  // namespace garde::config
