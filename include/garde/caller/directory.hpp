// Callers that the configuration knows by a name of their own: an old certificate and a new one, a
// certificate and an assertion, are then one and the same. Pure.
#pragma once

#include "garde/caller/pattern.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace garde::caller {

/// [[caller]]
struct named_caller {
    std::string name;
    std::vector<pattern> known_as;  ///< none of them wide; no two callers share one
};

/// Immutable. Any thread.
class directory {
  public:
    directory() = default;
    explicit directory(const std::vector<named_caller>& callers);

    /// The same, under its name where it has one.
    [[nodiscard]] identity recognise(identity who) const;

  private:
    [[nodiscard]] const std::string* name_of(const identity& who) const;

    std::unordered_map<std::string, std::string> names_;  ///< by the pattern's text
};

}  // namespace garde::caller
