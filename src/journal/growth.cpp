// See growth.hpp.
#include "garde/journal/growth.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace garde::journal {
namespace {

/// Where somebody acted, or the mode changed: what an intruder would rather not have known.
constexpr std::array<std::string_view, 15> urgent_events{
    "switchover",       "override",          "override-cleared",  "override-expired", "override-resumed",
    "procedure-opened", "procedure-closed",  "procedure-resumed", "order-refused",    "reload",
    "reload-refused",   "operators-changed", "take-over-refused", "truncated-found",  "stop"};

}  // namespace

urgency urgency_of(const record& what) {
    return std::ranges::find(urgent_events, what.event) != urgent_events.end() ? urgency::at_once
                                                                               : urgency::usual;
}

}  // namespace garde::journal
