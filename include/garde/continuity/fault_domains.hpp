// What two backends can lose together. An unknown domain counts as shared: redundancy must be shown, not
// assumed.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace garde::continuity {

using fault_domains = std::map<std::string, std::string>;  ///< kind → name, e.g. storage → san-a

struct domain_overlap {
    std::vector<std::string> shared;    ///< kinds in which both name the same
    std::vector<std::string> unknown;   ///< kinds that only one of them names: count as shared
    std::vector<std::string> separate;  ///< kinds in which they differ
    [[nodiscard]] bool shares_everything() const { return separate.empty(); }
};

domain_overlap overlap(const fault_domains& a, const fault_domains& b);

}  // namespace garde::continuity
