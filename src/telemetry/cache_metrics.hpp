// What /metrics says of the reply cache. Pure.
#pragma once

#include "garde/cache/cache_totals.hpp"
#include "garde/cache/store_tier.hpp"
#include "garde/telemetry/openmetrics.hpp"

namespace garde::telemetry {

void write_cache(openmetrics_writer& out, const cache::cache_totals& totals);
void write_cache_store(openmetrics_writer& out, const cache::tier_totals& totals);

}  // namespace garde::telemetry
