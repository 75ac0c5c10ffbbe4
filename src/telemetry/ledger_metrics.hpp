// What /metrics says of requests that are kept to be asked again. Pure.
#pragma once

#include "garde/emergency/ledger.hpp"
#include "garde/telemetry/openmetrics.hpp"

namespace garde::telemetry {

void write_ledger(openmetrics_writer& out, const emergency::ledger_totals& totals);

}  // namespace garde::telemetry
