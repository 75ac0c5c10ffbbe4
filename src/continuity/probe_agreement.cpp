// See probe_agreement.hpp.
#include "garde/continuity/probe_agreement.hpp"

#include <utility>

namespace garde::continuity {

std::string_view to_text(agreement value) {
    switch (value) {
        case agreement::agree: return "agree";
        case agreement::only_deep_passes: return "only-deep-passes";
        case agreement::only_shallow_passes: return "only-shallow-passes";
    }
    std::unreachable();
}

std::optional<agreement> probe_agreement::deep(reason result) {
    deep_ = result;
    return compare();
}

std::optional<agreement> probe_agreement::shallow(reason result) {
    shallow_ = result;
    return compare();
}

std::optional<agreement> probe_agreement::compare() {
    if (!deep_ || !shallow_) return std::nullopt;
    const reason by_deep = *std::exchange(deep_, std::nullopt);
    const reason by_shallow = *std::exchange(shallow_, std::nullopt);
    const bool deep_passes = by_deep == reason::none;
    const bool same = deep_passes == (by_shallow == reason::none);
    const agreement found = same          ? agreement::agree
                            : deep_passes ? agreement::only_deep_passes
                                          : agreement::only_shallow_passes;
    why_ = deep_passes ? by_shallow : by_deep;
    in_a_row_ = found == found_ ? in_a_row_ + 1 : 1;
    found_ = found;
    const int needed = found == agreement::agree ? rules_.rise : rules_.fall;
    if (found == current_ || in_a_row_ < needed) return std::nullopt;
    return current_ = found;
}

}  // namespace garde::continuity
