// See directory.hpp.
#include "garde/caller/directory.hpp"

#include <utility>

namespace garde::caller {

directory::directory(std::vector<named_caller> callers) : callers_(std::move(callers)) {
    for (std::size_t i = 0; i < callers_.size(); ++i)
        for (const auto& pattern : callers_[i].known_as) by_pattern_.emplace(pattern.text(), i);
}

/// By the subject, else by an alternative name: they are sorted, so that the answer is always the same.
const named_caller* directory::find(const identity& who) const {
    if (callers_.empty() || !who.verified()) return nullptr;
    const auto known_as = [this](const std::string& text) {
        const auto found = by_pattern_.find(text);
        return found == by_pattern_.end() ? nullptr : &callers_[found->second];
    };
    if (who.kind() == identity_kind::assertion) return known_as("subject:" + who.subject());
    if (const auto* one = known_as(who.subject())) return one;
    for (const auto& alternative : who.alternative_names())
        if (const auto* one = known_as(alternative)) return one;
    return nullptr;
}

const named_caller* directory::find(const pattern& known_as) const {
    const auto found = by_pattern_.find(known_as.text());
    return found == by_pattern_.end() ? nullptr : &callers_[found->second];
}

identity directory::recognise(identity who) const {
    if (const auto* known = find(who)) who.go_by(known->name);
    return who;
}

}  // namespace garde::caller
