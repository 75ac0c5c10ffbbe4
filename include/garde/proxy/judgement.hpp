// What a response counts as: the classifier's rules applied to what a connection brought.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/continuity/classify.hpp"
#include "garde/upstream/connection.hpp"

namespace garde::proxy {

/// What is asked of a service, for the judgement of its answer.
struct asked_of {
    const config::service_settings& service;
    continuity::route_kind kind;
};

/// `sent` is only read.
continuity::outcome judge(upstream::sent& sent, continuity::history before, const asked_of& what);

}  // namespace garde::proxy
