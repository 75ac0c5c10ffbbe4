// The messages that were accepted, for as long as they would be taken for fresh: none is accepted twice. When
// it is full it takes no more: to forget one would be to accept it again. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <queue>
#include <unordered_set>
#include <vector>

namespace garde::caller {

/// For unordered containers: a digest is a hash already, and nobody can choose two that meet.
struct digest_hash {
    std::size_t operator()(const digest256& value) const noexcept {
        std::size_t out = 0;
        std::memcpy(&out, value.data(), sizeof out);
        return out;
    }
};

class replay_memory {
  public:
    enum class answer : std::uint8_t {
        fresh,  ///< was not there; is remembered now
        seen,   ///< was there
        past,   ///< others that ended no later have been forgotten, so that nobody knows
        full,   ///< not known whether it was there, and no room to remember it
    };

    explicit replay_memory(std::size_t bound) : bound_(bound) {}

    /// `until`: the message is no longer fresh after this. What ended before `now` leaves.
    answer remember(const digest256& message, wall_time until, wall_time now);

    [[nodiscard]] std::size_t size() const { return known_.size(); }

  private:
    struct entry {
        wall_time until;
        digest256 message{};
        friend bool operator>(const entry& a, const entry& b) { return a.until > b.until; }
    };

    std::size_t bound_;
    std::unordered_set<digest256, digest_hash> known_;
    std::priority_queue<entry, std::vector<entry>, std::greater<>> by_end_;  ///< the earliest first
    // Should the wall clock be set back, what was forgotten by the former time is not fresh again.
    wall_time forgotten_until_ = wall_time::min();
};

}  // namespace garde::caller
