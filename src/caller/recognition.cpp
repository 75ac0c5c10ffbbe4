// See recognition.hpp.
#include "garde/caller/recognition.hpp"

namespace garde::caller {

caller_limits recognition::limits_of(const identity& who) const {
    const auto* named = known.find(who);
    caller_limits out = named == nullptr ? caller_limits{} : named->limits;
    const auto take = [](std::size_t& into, std::size_t figure) {
        if (into == 0) into = figure;
    };
    for (const auto& group : limited) {
        if (out.connections > 0 && out.requests > 0) break;
        if (!any_matches(group.members, who)) continue;
        take(out.connections, group.limits.connections);
        take(out.requests, group.limits.requests);
    }
    return out;
}

}  // namespace garde::caller
