// The keys that assertions bind, by the element that holds them: what is bound today was mostly bound
// yesterday, and to make a key of its encoding costs several verifications. Pure.
#pragma once

#include "garde/base/hash.hpp"

#include "replay_memory.hpp"
#include "signature.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <unordered_map>

namespace garde::caller {

class key_memory {
  public:
    explicit key_memory(std::size_t bound) : bound_(bound) {}

    /// Null when it is not known.
    [[nodiscard]] std::shared_ptr<const verification_key> find(const digest256& element) const;

    /// When there are too many, the one that has been known for longest leaves.
    void remember(const digest256& element, const std::shared_ptr<const verification_key>& key);

    [[nodiscard]] std::size_t size() const { return known_.size(); }

  private:
    std::size_t bound_;
    std::unordered_map<digest256, std::shared_ptr<const verification_key>, digest_hash> known_;
    std::deque<digest256> by_age_;  ///< the oldest first
};

}  // namespace garde::caller
