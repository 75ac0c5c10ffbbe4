// How callers are recognised: what one configuration says of it, made ready.
#pragma once

#include "garde/caller/assertion.hpp"
#include "garde/caller/directory.hpp"
#include "garde/caller/limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace garde::caller {

/// Immutable. Any thread.
struct recognition {
    directory known;
    std::shared_ptr<const assertion_rules> assertions;  ///< null: assertions are not looked at
    std::vector<limited_group> limited{};               ///< in the configuration's order

    /// What is said for this caller. Each figure is looked for by itself: the caller's own, else that of the
    /// first group with such a figure that he belongs to; 0: what is said for everybody.
    [[nodiscard]] caller_limits limits_of(const identity& who) const;
};

/// What came of checking assertions.
struct assertion_counts {
    static constexpr std::size_t reasons = static_cast<std::size_t>(assertion_refusal::provider) + 1;
    std::uint64_t accepted = 0;
    std::array<std::uint64_t, reasons> refused{};  ///< by assertion_refusal
};

using recognition_ptr = std::shared_ptr<const recognition>;

}  // namespace garde::caller
