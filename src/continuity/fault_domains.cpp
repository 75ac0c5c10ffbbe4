// See fault_domains.hpp.
#include "garde/continuity/fault_domains.hpp"

#include <set>

namespace garde::continuity {
namespace {

/// The name under a kind; an empty name says nothing, so it is as good as none.
const std::string* name_of(const fault_domains& domains, const std::string& kind) {
    const auto found = domains.find(kind);
    return found == domains.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace

domain_overlap overlap(const fault_domains& a, const fault_domains& b) {
    std::set<std::string> kinds;
    for (const auto& [kind, name] : a) kinds.insert(kind);
    for (const auto& [kind, name] : b) kinds.insert(kind);

    domain_overlap out;
    for (const auto& kind : kinds) {
        const auto* name_a = name_of(a, kind);
        const auto* name_b = name_of(b, kind);
        if (name_a == nullptr || name_b == nullptr)
            out.unknown.push_back(kind);
        else if (*name_a == *name_b)
            out.shared.push_back(kind);
        else
            out.separate.push_back(kind);
    }
    return out;
}

}  // namespace garde::continuity
