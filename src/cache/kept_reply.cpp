// See kept_reply.hpp.
#include "garde/cache/kept_reply.hpp"

#include "garde/base/secret.hpp"

#include <algorithm>
#include <tuple>

namespace garde::cache {

bool newer(const kept_reply& one, const kept_reply& other) {
    const auto rank = [](const kept_reply& of) {
        return std::tuple(of.communicated, of.consulted.steady, of.consulted.wall);
    };
    return rank(one) > rank(other);
}

bool purge_selection::has(const kept_reply& one) const {
    return (!before || one.consulted.wall < *before) && (!of || of(*one.who));
}

caller_ptr caller_book::know(const caller::identity& who) {
    if (const auto found = known_.find(who.canonical()); found != known_.end())
        if (auto there = found->second.lock()) return there;
    return know(std::make_shared<const caller::identity>(who));
}

caller_ptr caller_book::know(const caller_ptr& who) {
    if (known_.size() >= forget_at_) forget_gone();
    auto& place = known_[who->canonical()];
    if (auto there = place.lock()) return there;
    place = who;
    return who;
}

void caller_book::forget_gone() {
    std::erase_if(known_, [](const auto& each) { return each.second.expired(); });
    forget_at_ = std::max(forget_at_, 2 * known_.size());
}

std::shared_ptr<const std::string> keep_body(std::string_view body) {
    return {new std::string(body), [](std::string* text) {
                wipe(*text);
                delete text;
            }};
}

}  // namespace garde::cache
