// See timer_wheel.hpp.
#include "garde/net/timer_wheel.hpp"

#include <algorithm>
#include <bit>

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
    occupied_[node.slot_ / 64] |= std::uint64_t{1} << (node.slot_ % 64);
    ++pending_;
}

void timer_wheel::unlink(deadline& node) {
    if (cursor_ == &node) cursor_ = node.next_;
    (node.previous_ != nullptr ? node.previous_->next_ : heads_[node.slot_]) = node.next_;
    if (node.next_ != nullptr) node.next_->previous_ = node.previous_;
    node.linked_ = false;
    if (heads_[node.slot_] == nullptr) occupied_[node.slot_ / 64] &= ~(std::uint64_t{1} << (node.slot_ % 64));
    --pending_;
}

std::optional<steady_time> timer_wheel::next_expiry() const {
    if (pending_ == 0) return std::nullopt;
    const std::size_t first = slot_of(now_);
    // The word that `first` is in comes twice: its later bits first, its earlier ones at the end.
    for (std::size_t i = 0; i <= occupied_.size(); ++i) {
        const std::size_t word = (first / 64 + i) % occupied_.size();
        std::uint64_t bits = occupied_[word];
        if (i == 0) bits &= ~std::uint64_t{0} << (first % 64);
        if (bits == 0) continue;
        const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        const auto ticks_ahead = static_cast<steady_time::rep>((slot + slots - first) % slots + 1);
        return steady_time(now_.time_since_epoch() / tick * steady_time::duration(tick) + ticks_ahead * tick);
    }
    return std::nullopt;
}

bool timer_wheel::advance(steady_time now) {
    if (now < now_) return false;
    bool any = false;
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
            any = true;
            node.on_expiry_();
        }
    }
    return any;
}

}  // namespace garde::net
