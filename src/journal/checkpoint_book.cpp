// See checkpoint_book.hpp.
#include "checkpoint_book.hpp"

namespace garde::journal {

void checkpoint_book::put(const tree_head& head, wall_time at) {
    const std::lock_guard lock(mutex_);
    if (head_ == head) return;
    head_ = head;
    at_ = at;
    made_.reset();
}

result<signed_checkpoint> checkpoint_book::newest() {
    const std::lock_guard lock(mutex_);
    if (made_) return *made_;
    if (!head_) return fail("nothing has been written to the log yet");
    auto note = sign_checkpoint(*head_, signer_);
    if (!note) return std::unexpected(note.error());
    made_ = signed_checkpoint{
        .what = {.origin = signer_.verifier().name(), .head = *head_}, .note = std::move(*note), .at = at_};
    return *made_;
}

}  // namespace garde::journal
