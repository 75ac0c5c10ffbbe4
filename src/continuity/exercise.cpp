// See exercise.hpp.
#include "garde/continuity/exercise.hpp"

#include "garde/continuity/posture.hpp"

#include <algorithm>

namespace garde::continuity {

bool exercise::takes_part(std::string_view of_route, const caller::identity& who, steady_time at) const {
    return at < until && (route.empty() || route == of_route) && (!callers || callers->matches(who));
}

const exercise* find_exercise(std::span<const exercise_ptr> all, const service_posture& now,
                              std::string_view route, const caller::identity& who, steady_time at) {
    const bool by_backend = now.current == mode::primary || now.current == mode::backup;
    if (!by_backend || now.transparent()) return nullptr;
    const auto found =
        std::ranges::find_if(all, [&](const auto& one) { return one->takes_part(route, who, at); });
    return found == all.end() ? nullptr : found->get();
}

const service_posture& rehearsed_posture() {
    static const service_posture out = [] {
        service_posture made;
        made.current = mode::emergency;
        return made;
    }();
    return out;
}

}  // namespace garde::continuity
