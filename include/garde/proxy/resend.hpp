// A deferral that is asked again: by the plan, the pools and the judgement of an exchange, but nobody waits
// for the answer. What the attempts show of their backends is told to the controller like any other.
#pragma once

#include "garde/emergency/ledger.hpp"
#include "garde/net/task.hpp"
#include "garde/proxy/worker.hpp"

namespace garde::proxy {

/// On the worker's thread. `not_sent` where there is no backend to ask, no room, or no route for it any more.
net::task<emergency::attempt_result> resend(worker& at, emergency::deferred_message what);

}  // namespace garde::proxy
