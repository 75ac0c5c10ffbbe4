// See status_site.hpp.
#include "garde/status/status_site.hpp"

#include "routes.hpp"

#include <utility>

namespace garde::status {

status_site::status_site(net::event_loop& desk, proxy::site_ptr served)
    : served_(std::move(served)),
      server_(desk, [this](const net::page_request& request) { return answer(request); }) {}

void status_site::listen(net::socket socket) {
    server_.listen(std::move(socket), served_->status_tls());
}

void status_site::show(control::view_ptr now) {
    if (now->served != served_) {
        served_ = now->served;
        server_.use(served_->status_tls());
    }
    view_ = std::move(now);
}

net::task<net::page_reply> status_site::answer(const net::page_request& request) const {
    const question asked{.method = request.head.method,
                         .path = request.head.path,
                         .target = request.head.target,
                         .accept_language = request.head.find("Accept-Language").value_or("")};
    const exhibits shown{.services = served_->services(),
                         .receipt_keys = served_->receipt_keys(),
                         .checkpoint = newest_checkpoint_ ? newest_checkpoint_() : std::string()};
    co_return respond(asked, shown, view_.get(), wall_now());
}

}  // namespace garde::status
