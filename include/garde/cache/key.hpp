// The reply cache's key: SHA-256 over a length-prefixed canonical tuple. What is in it and what is not: see
// make_key. National numbers can be enumerated, so a key is as personal as they are: it stays in memory,
// beside the answers themselves; what goes to the disk is an HMAC of it under a secret key (sealing.hpp).
#pragma once

#include "garde/base/hash.hpp"
#include "garde/caller/identity.hpp"
#include "garde/config/settings.hpp"
#include "garde/soap/consult.hpp"
#include "garde/soap/element_recipe.hpp"

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace garde::cache {

using cache_key = digest256;

/// For unordered containers: a key is a hash already.
struct cache_key_hash {
    std::size_t operator()(const cache_key& key) const noexcept {
        std::size_t out = 0;
        std::memcpy(&out, key.data(), sizeof out);
        return out;
    }
};

/// In: service, payload name, IsTest, caller, provider, organisation, patient (Ssin, else insurer and
/// registration number), request type. Not in: the date (checked when served), references, the SOAP header,
/// license, prefixes, white space.
cache_key make_key(std::string_view service, const caller::identity& who,
                   const soap::consult_request& request);

/// One key per identifier of the patient, for removals: the same patient of the same caller under any of his
/// identifiers.
std::vector<cache_key> make_removal_keys(std::string_view service, const caller::identity& who,
                                         const soap::patient& patient);

/// By a route's own recipe. In: service, request target, the recipe itself, its scope (and with it the
/// caller), the payload's name, and the values of the recipe's key. Never equal to a consult's.
cache_key make_key(std::string_view service, std::string_view target, const caller::identity& who,
                   const config::cache_recipe& recipe, const soap::element_question& asked);

/// The one key by which what is kept under such a key can be removed.
cache_key make_removal_key(const cache_key& key);

}  // namespace garde::cache
