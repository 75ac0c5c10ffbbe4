// How much some callers may have at a time, where the configuration says so for them and not for everybody.
// Pure.
#pragma once

#include "garde/caller/pattern.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace garde::caller {

/// At a time; 0: nothing is said.
struct caller_limits {
    std::size_t connections = 0;
    std::size_t requests = 0;

    [[nodiscard]] bool any() const { return connections > 0 || requests > 0; }
    friend bool operator==(const caller_limits&, const caller_limits&) = default;
};

/// A [[group]] with limits: each of its members may have so much, not all of them together.
struct limited_group {
    std::string name;
    std::vector<pattern> members;
    caller_limits limits;
};

}  // namespace garde::caller
