// Callers that the configuration knows by a name of their own: an old certificate and a new one, a
// certificate and an assertion, are then one and the same. Pure.
#pragma once

#include "garde/caller/limits.hpp"
#include "garde/caller/pattern.hpp"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace garde::caller {

/// [[caller]]
struct named_caller {
    std::string name;
    std::vector<pattern> known_as;  ///< none of them wide; no two callers share one
    caller_limits limits{};
};

/// Immutable. Any thread.
class directory {
  public:
    directory() = default;
    explicit directory(std::vector<named_caller> callers);

    /// The same, under its name where it has one.
    [[nodiscard]] identity recognise(identity who) const;

    /// Null when it has no name. Also of an identity that goes by its name already.
    [[nodiscard]] const named_caller* find(const identity& who) const;

    /// Null when no caller's known_as has it. For whoever names callers as the configuration does.
    [[nodiscard]] const named_caller* find(const pattern& known_as) const;

    /// In the configuration's order.
    [[nodiscard]] const std::vector<named_caller>& callers() const { return callers_; }

  private:
    std::vector<named_caller> callers_;
    std::unordered_map<std::string, std::size_t> by_pattern_;  ///< place in callers_, by the pattern's text
};

}  // namespace garde::caller
