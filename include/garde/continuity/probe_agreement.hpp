// Whether a backend's probe and its shallow one say the same. Where they do not, the fault lies between what
// the two ask. Pure: results go in, a change comes out.
#pragma once

#include "garde/continuity/types.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::continuity {

enum class agreement : std::uint8_t {
    agree,
    only_deep_passes,
    only_shallow_passes,
};
std::string_view to_text(agreement value);

struct agreement_rules {
    int rise = 2;  ///< comparisons in a row until they count as agreeing again
    int fall = 3;  ///< comparisons in a row that find the same disagreement until it is one
};

class probe_agreement {
  public:
    explicit probe_agreement(const agreement_rules& rules = {}) : rules_(rules) {}

    // A probe's result, `none` when it passed. Returns what it makes of the agreement, when that has changed.
    // The two come at different times and paces: they are compared once both have said something new.
    std::optional<agreement> deep(reason result);
    std::optional<agreement> shallow(reason result);

    /// Other rules from now on; what was found stays.
    void adopt(const agreement_rules& rules) { rules_ = rules; }

    [[nodiscard]] agreement current() const { return current_; }
    /// Why the one that fails does, as of the latest comparison; `none` when both pass.
    [[nodiscard]] reason why() const { return why_; }

  private:
    std::optional<agreement> compare();

    agreement_rules rules_;
    std::optional<reason> deep_;     ///< not yet compared
    std::optional<reason> shallow_;  ///< not yet compared
    agreement current_ = agreement::agree;
    agreement found_ = agreement::agree;  ///< by the latest comparisons
    int in_a_row_ = 0;
    reason why_ = reason::none;
};

}  // namespace garde::continuity
