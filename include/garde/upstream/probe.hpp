// An active check of one backend, on a connection of its own.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/continuity/types.hpp"
#include "garde/upstream/connection.hpp"

namespace garde::upstream {

/// `none` when the backend passed; else why not. Ends by `give_up_at`.
///   tcp:  the connection is made
///   tls:  its handshake, too
///   http: GET of the path gives a status from 200 to 399
///   soap: POST of the body, with its placeholders filled, gives the expected element or nodes in a 200, or
///   the
///         expected fault
net::task<continuity::reason> probe(net::event_loop& loop, const target& to,
                                    const config::probe_settings& how, steady_time give_up_at);

}  // namespace garde::upstream
