// What OpenSSL asks while it shakes hands as a server: which certificate, which ticket key, may this session
// be resumed, what is stapled. The answers' state belongs to the SSL_CTX and lives as long as it does,
// however long its connections live.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/base/revocation.hpp"
#include "garde/net/ticket_keys.hpp"
#include "garde/net/tls_context.hpp"

#include "client_trust.hpp"
#include "server_names.hpp"

#include <openssl/types.h>

#include <functional>
#include <memory>
#include <optional>

namespace garde::net {

/// What the contexts of one listener share: one context for each certificate, the default one first.
struct shared_server {
    ticket_keys_ptr tickets;
    std::function<wall_time()> now;
    client_trust trust;
    server_names names;
};

/// For a context that connections are made from: the default one. It owns `shared`, with the further contexts
/// in its names.
result<void> attach_default(SSL_CTX* context, std::unique_ptr<const shared_server> shared,
                            std::optional<ocsp_answer> staple);

/// For a context that is going into `shared.names`.
result<void> attach_further(SSL_CTX* context, const shared_server& shared, std::optional<ocsp_answer> staple);

}  // namespace garde::net
