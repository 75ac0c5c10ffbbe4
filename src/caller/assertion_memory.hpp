// The assertions whose issuer's signature held, so that it need not be verified again for each message that
// carries one. By a fingerprint of all that the signature can depend on. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"

#include "replay_memory.hpp"
#include "signature.hpp"

#include <libxml/tree.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>

namespace garde::caller {

/// SHA-256 over the element as it was read (names, namespaces, attributes, texts, comments, in their order,
/// with their lengths) and what it inherits from around it: the namespaces in scope and xml: attributes. Two
/// elements of one fingerprint have the same canonical form by every method. Nothing for an element with
/// nodes of another kind.
std::optional<digest256> fingerprint_of(const xmlNode& element);

/// What was found out about an assertion.
struct known_assertion {
    std::size_t issuer = 0;                       ///< which of the rules' issuers has signed it
    std::shared_ptr<const verification_key> key;  ///< that it binds
};

class assertion_memory {
  public:
    explicit assertion_memory(std::size_t bound) : bound_(bound) {}

    /// Null when it is not known, or has ended. Valid until the next call.
    const known_assertion* find(const digest256& fingerprint, wall_time now);

    /// `until`: the assertion has ended after this. When there are too many, the first to end leaves.
    void remember(const digest256& fingerprint, const known_assertion& what, wall_time until);

    /// All of them.
    void forget() {
        known_.clear();
        by_end_.clear();
    }

    [[nodiscard]] std::size_t size() const { return known_.size(); }

  private:
    std::size_t bound_;
    std::unordered_map<digest256, known_assertion, digest_hash> known_;
    std::multimap<wall_time, digest256> by_end_;
};

}  // namespace garde::caller
