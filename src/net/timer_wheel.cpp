// See timer_wheel.hpp.
#include "garde/net/timer_wheel.hpp"

#include <algorithm>

namespace garde::net {

void deadline::set(steady_time due) {
    if (linked_) wheel_.unlink(*this);
    due_ = due;
    wheel_.link(*this);
}

void deadline::cancel() {
    if (linked_) wheel_.unlink(*this);
}

timer_wheel::~timer_wheel() {
    for (auto* node : heads_)
        for (; node != nullptr; node = node->next_) node->linked_ = false;
}

std::size_t timer_wheel::slot_of(steady_time at) const {
    return static_cast<std::size_t>(at.time_since_epoch() / tick) % slots;
}

void timer_wheel::link(deadline& node) {
    // A deadline in the past goes where the next advance() begins.
    node.slot_ = slot_of(std::max(node.due_, now_));
    node.previous_ = nullptr;
    node.next_ = heads_[node.slot_];
    if (node.next_ != nullptr) node.next_->previous_ = &node;
    heads_[node.slot_] = &node;
    node.linked_ = true;
    if (++pending_ == 1) on_first_();
}

void timer_wheel::unlink(deadline& node) {
    if (cursor_ == &node) cursor_ = node.next_;
    (node.previous_ != nullptr ? node.previous_->next_ : heads_[node.slot_]) = node.next_;
    if (node.next_ != nullptr) node.next_->previous_ = node.previous_;
    node.linked_ = false;
    --pending_;
}

void timer_wheel::advance(steady_time now) {
    if (now < now_) return;
    const auto turns = std::min<std::size_t>(static_cast<std::size_t>((now - now_) / tick) + 1, slots - 1);
    const std::size_t first = slot_of(now_);
    now_ = now;
    for (std::size_t i = 0; i <= turns; ++i) {
        cursor_ = heads_[(first + i) % slots];
        while (cursor_ != nullptr) {
            deadline& node = *cursor_;
            cursor_ = node.next_;
            if (node.due_ > now) continue;
            unlink(node);
            node.on_expiry_();
        }
    }
}

}  // namespace garde::net
