// See directory.hpp.
#include "garde/caller/directory.hpp"

#include <utility>

namespace garde::caller {

directory::directory(const std::vector<named_caller>& callers) {
    for (const auto& one : callers)
        for (const auto& pattern : one.known_as) names_.emplace(pattern.text(), one.name);
}

/// By the subject, else by an alternative name: they are sorted, so that the answer is always the same.
const std::string* directory::name_of(const identity& who) const {
    const auto find = [this](const std::string& text) {
        const auto found = names_.find(text);
        return found == names_.end() ? nullptr : &found->second;
    };
    if (who.kind() == identity_kind::assertion) return find("subject:" + who.subject());
    if (const auto* name = find(who.subject())) return name;
    for (const auto& alternative : who.alternative_names())
        if (const auto* name = find(alternative)) return name;
    return nullptr;
}

identity directory::recognise(identity who) const {
    if (names_.empty() || !who.verified()) return who;
    if (const std::string* name = name_of(who)) who.go_by(*name);
    return who;
}

}  // namespace garde::caller
