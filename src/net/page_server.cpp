// See page_server.hpp.
#include "garde/net/page_server.hpp"

#include "garde/net/page_bound.hpp"

#include <sys/resource.h>
#include <utility>

namespace garde::net {
namespace {

std::size_t descriptor_limit() {
    rlimit now{};
    return ::getrlimit(RLIMIT_NOFILE, &now) == 0 ? static_cast<std::size_t>(now.rlim_cur) : 0;
}

}  // namespace

result<void> page_server::listen(const config::endpoint& address, std::optional<tls_context> tls) {
    const auto at = resolve(address);
    if (!at) return std::unexpected(at.error());
    auto opened = listen_at(at->front(), address_sharing::exclusive);
    if (!opened) return std::unexpected(opened.error());
    listen(std::move(*opened), std::move(tls));
    return {};
}

void page_server::listen(socket listening, std::optional<tls_context> tls) {
    bound_ = page_connections(descriptor_limit());
    tls_ = std::move(tls);
    listener_ = listener::over(loop_, std::move(listening));
    listener_->start([this](socket accepted) { accept(std::move(accepted)); });
}

void page_server::stop() {
    if (listener_) listener_->stop();
}

void page_server::accept(socket accepted) {
    if (static_cast<std::size_t>(places_.use_count()) > bound_) return;
    ssl_ptr ssl = tls_ ? tls_->accept_side() : nullptr;
    if (tls_ && !ssl) return;  // no memory for one more
    auto occupying = [handler = handler_, held = places_](const page_request& request) {
        return handler(request);
    };
    loop_.spawn(serve_pages(loop_, std::move(accepted), std::move(ssl), std::move(occupying), page_limits{}));
}

}  // namespace garde::net
