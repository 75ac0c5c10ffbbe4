// What the admin API says of the reply cache, as JSON, and what the journal keeps of a purge. Pure. No
// patients in it, and no callers but as the operator has named them.
#pragma once

#include "garde/cache/cache_desk.hpp"

#include "requests.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::admin {

/// The answer to GET /v1/cache. `disk`: nothing without one.
std::string cache_document(const cache::cache_totals& totals, const std::optional<cache::tier_totals>& disk);

/// The answer to POST /v1/cache/purge.
std::string purge_document(const purge_request& ordered, const cache::purge_result& became,
                           std::string_view by);

/// Of the record `cache-purged`.
std::vector<std::pair<std::string, std::string>> purge_attributes(const purge_request& ordered,
                                                                  const cache::purge_result& became,
                                                                  std::string_view by);

}  // namespace garde::admin
