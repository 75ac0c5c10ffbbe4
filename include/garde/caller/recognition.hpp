// How callers are recognised: what one configuration says of it, made ready.
#pragma once

#include "garde/caller/assertion.hpp"
#include "garde/caller/directory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace garde::caller {

/// Immutable. Any thread.
struct recognition {
    directory known;
    std::shared_ptr<const assertion_rules> assertions;  ///< null: assertions are not looked at
};
/// What came of checking assertions.
struct assertion_counts {
    static constexpr std::size_t reasons = static_cast<std::size_t>(assertion_refusal::provider) + 1;
    std::uint64_t accepted = 0;
    std::array<std::uint64_t, reasons> refused{};  ///< by assertion_refusal
};

using recognition_ptr = std::shared_ptr<const recognition>;

}  // namespace garde::caller
