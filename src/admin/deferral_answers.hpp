// What the admin API says of requests that are kept to be asked again, and of the rules that decide so, as
// JSON. Pure. Operators see who asked, never what.
#pragma once

#include "garde/emergency/ledger.hpp"
#include "garde/emergency/stand_in_policy.hpp"

#include "requests.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::admin {

/// The answer to GET /v1/deferrals: by outage, how many were kept, and what became of them. The sums add up.
std::string deferrals_document(const emergency::ledger_totals& totals);

/// The beginning of that outage, given to the millisecond, or of the newest one, in which requests for this
/// service were kept; nothing when there is none.
std::optional<wall_time> find_outage(const emergency::ledger_totals& totals, std::string_view service,
                                     std::optional<wall_time> wanted);

/// The answer to GET /v1/services/NAME/deferrals: an outage's deferrals one by one, and for each caller what
/// became of his: what a reconciliation needs.
std::string reconciliation_document(std::string_view service, wall_time outage,
                                    const std::vector<emergency::deferral_entry>& entries);

/// The answer to POST /v1/services/NAME/stand-in: which rule decides, and why those before it do not. Limits
/// are not looked at: they depend on what was asked within the hour.
std::string stand_in_document(const emergency::stand_in_policy& policy, const stand_in_question& asked);

}  // namespace garde::admin
