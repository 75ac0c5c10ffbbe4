// See key_memory.hpp.
#include "key_memory.hpp"

#include <utility>

namespace garde::caller {

std::shared_ptr<const verification_key> key_memory::find(const digest256& element) const {
    const auto at = known_.find(element);
    return at == known_.end() ? nullptr : at->second;
}

void key_memory::remember(const digest256& element, const std::shared_ptr<const verification_key>& key) {
    if (bound_ == 0) return;
    const bool fresh = known_.try_emplace(element, key).second;
    if (!fresh) return;
    by_age_.push_back(element);
    if (known_.size() <= bound_) return;
    known_.erase(by_age_.front());
    by_age_.pop_front();
}

}  // namespace garde::caller
