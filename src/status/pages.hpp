// The pages for people. Pure: what is served and a state in, HTML out.
#pragma once

#include "garde/net/http_io.hpp"

#include "states.hpp"
#include "texts.hpp"

#include <span>

namespace garde::status {

/// What each service does now.
net::page_reply overview_page(std::span<const service_state> all, const texts& words, wall_time at);

/// The emergency procedure of a service that has one.
net::page_reply procedure_page(const service_state& one, const texts& words, wall_time at);

net::page_reply not_found_page(const texts& words, wall_time at);

}  // namespace garde::status
