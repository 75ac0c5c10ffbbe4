// A checkpoint as a webhook, signed as https://www.standardwebhooks.com says. Pure.
#pragma once

#include "garde/base/secret.hpp"

#include "checkpoint_place.hpp"

#include <string>
#include <vector>

namespace garde::journal {

struct webhook_message {
    std::vector<std::string> fields;  ///< NAME: VALUE
    std::string body;  ///< {"type":"checkpoint","timestamp","data":{"origin","size","root","checkpoint"}}
};

/// `secret` is the key itself. The same checkpoint has the same webhook-id and body however often it is sent,
/// so that a receiver can tell what it has already; `now` is when it is sent.
webhook_message make_webhook(const signed_checkpoint& what, const secret_string& secret, wall_time now);

}  // namespace garde::journal
