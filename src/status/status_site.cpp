// See status_site.hpp.
#include "garde/status/status_site.hpp"

#include "routes.hpp"

namespace garde::status {

status_site::status_site(net::event_loop& desk, const proxy::site& served)
    : served_(served), server_(desk, [this](const net::page_request& request) { return answer(request); }) {}

result<void> status_site::listen() {
    const auto& settings = served_.settings().status;
    std::optional<net::tls_context> tls;
    if (settings.tls) {
        auto made = net::tls_context::server(*settings.tls, config::tls_version::tls1_2,
                                             config::client_certificates::off, {});
        if (!made) return std::unexpected(made.error());
        tls = std::move(*made);
    }
    return server_.listen(settings.address, std::move(tls));
}

net::task<net::page_reply> status_site::answer(const net::page_request& request) const {
    const question asked{.method = request.head.method,
                         .path = request.head.path,
                         .target = request.head.target,
                         .accept_language = request.head.find("Accept-Language").value_or("")};
    co_return respond(asked, served_.services(), view_.get(), wall_now());
}

}  // namespace garde::status
