// From a request to a reply of the status site. Pure: no socket, no clock.
#pragma once

#include "garde/net/http_io.hpp"

#include "states.hpp"

#include <span>
#include <string_view>

namespace garde::status {

/// What matters of a request.
struct question {
    std::string_view method;
    std::string_view path;             ///< without query
    std::string_view target;           ///< as received
    std::string_view accept_language;  ///< the field's value; empty without one
};

/// What is served, as far as the site shows it.
struct exhibits {
    std::span<const proxy::service_site> services;
    std::string_view receipt_keys;  ///< a JWK set
    std::string checkpoint{};       ///< the journal's newest, signed; empty: there is none
};

/// `now` may be null: nothing is known yet. The body is also that of a HEAD request; who writes the reply
/// leaves it out.
net::page_reply respond(const question& asked, const exhibits& served, const control::view* now,
                        wall_time at);

}  // namespace garde::status
