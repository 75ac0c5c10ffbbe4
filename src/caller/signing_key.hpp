// Public keys that may verify: taken from certificates and from ds:KeyInfo, and only strong ones.
#pragma once

#include "garde/base/x509.hpp"

#include "xml_tree.hpp"

#include <openssl/types.h>

namespace garde::caller {

/// May this key verify anything: RSA of 2048 to 8192 bits with a usual exponent, or P-256 or P-384?
bool is_strong(const EVP_PKEY* key);

/// The one key that a ds:KeyInfo holds, as X509Certificate, RSAKeyValue or ECKeyValue. `bad_key` when there
/// is none, more than one, or one that cannot be read; `weak_algorithm` when it is not strong; `bad_text`.
checked<key_ptr> key_in(const xmlNode& key_info);

/// A strong key in a text of its numbers, equal exactly for equal keys. Not its DER: OpenSSL 3 takes longer
/// to encode a key than to verify with it.
std::string text_of_key(const EVP_PKEY& key);

}  // namespace garde::caller
