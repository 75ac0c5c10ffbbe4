// OpenSSL's way to the descriptor: a BIO over a watched socket, which knows what the kernel has announced and
// spares OpenSSL the reads that find nothing. Internal to the module.
#pragma once

#include "garde/net/watched_socket.hpp"

#include <openssl/types.h>

namespace garde::net {

/// Makes `ssl` read from and write to `over`, which must live as long as `ssl` is used. False when memory is
/// short.
bool use_socket(SSL* ssl, watched_socket& over);

}  // namespace garde::net
