// `garde ctl deferrals` and `garde ctl explain-request`, for people and for spreadsheets. Pure.
#pragma once

#include <string>

namespace garde::app {

/// GET /v1/deferrals, one line an outage.
std::string describe_deferrals(const std::string& json);

/// GET /v1/services/NAME/deferrals: what became of each caller's requests.
std::string describe_reconciliation(const std::string& json);

/// The same as CSV (RFC 4180), one line a deferral.
std::string reconciliation_as_csv(const std::string& json);

/// The same as a page that can be printed.
std::string reconciliation_as_html(const std::string& json);

/// The answer to POST /v1/services/NAME/stand-in: the rules in their order, and which one decides.
std::string describe_stand_in(const std::string& json);

}  // namespace garde::app
