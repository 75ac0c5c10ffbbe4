// See server_names.hpp.
#include "server_names.hpp"

#include <openssl/ssl.h>

#include <cctype>
#include <span>
#include <utility>

namespace garde::net {
namespace {

/// The two bytes at the front of what is left, as a number; they are taken off.
std::size_t take_length(std::span<const unsigned char>& from) {
    if (from.size() < 2) return 0;
    const std::size_t out = std::size_t{from[0]} << 8 | from[1];
    from = from.subspan(2);
    return out;
}

/// The host name inside the extension: a list (its length first) of one entry: a type, a length, a name. What
/// is malformed has no name here; OpenSSL refuses it when it comes to it.
std::span<const unsigned char> host_in(std::span<const unsigned char> extension) {
    const std::size_t list = take_length(extension);
    if (list != extension.size() || list < 3 || extension[0] != TLSEXT_NAMETYPE_host_name) return {};
    extension = extension.subspan(1);
    const std::size_t name = take_length(extension);
    return name == extension.size() ? extension : std::span<const unsigned char>{};
}

}  // namespace

requested_name::requested_name(SSL* ssl) {
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1) return;
    const auto host = host_in({data, size});
    if (host.size() > limit) return;
    for (const unsigned char c : host) text_[size_++] = static_cast<char>(std::tolower(c));
}

void server_names::add(const std::vector<std::string>& names, std::unique_ptr<SSL_CTX, ssl_deleter> context) {
    for (const auto& name : names) {
        if (name.starts_with("*."))
            wildcard_.emplace(name.substr(1), context.get());
        else
            exact_.emplace(name, context.get());
    }
    if (context) contexts_.push_back(std::move(context));
}

SSL_CTX* server_names::find(std::string_view name) const {
    if (contexts_.empty() || name.empty()) return nullptr;
    if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
    // A wildcard stands for one label (RFC 9525, 6.3).
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return nullptr;
    const auto found = wildcard_.find(name.substr(dot));
    return found != wildcard_.end() ? found->second : nullptr;
}

}  // namespace garde::net
