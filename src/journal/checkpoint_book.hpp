// The newest tree head, signed when somebody wants it.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/journal/note_key.hpp"
#include "garde/journal/tree_head.hpp"

#include "checkpoint_place.hpp"

#include <mutex>
#include <optional>

namespace garde::journal {

/// Any thread. Whoever writes the log pays for no signature: hundreds of heads a second may come, and few are
/// looked at.
class checkpoint_book {
  public:
    explicit checkpoint_book(note_signer with) : signer_(std::move(with)) {}

    void put(const tree_head& head, wall_time at);

    /// Fails while there is no head.
    result<signed_checkpoint> newest();

    [[nodiscard]] const note_verifier& verifier() const { return signer_.verifier(); }

  private:
    const note_signer signer_;
    std::mutex mutex_;
    std::optional<tree_head> head_;
    wall_time at_{};
    std::optional<signed_checkpoint> made_;  ///< of head_
};

}  // namespace garde::journal
