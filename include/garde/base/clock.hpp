// Points in time and their text forms. Decisions take the time as an argument; only I/O code asks a clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace garde {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::sys_time<std::chrono::nanoseconds>;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Now by the wall clock, in UTC. Any thread.
wall_time wall_now();

/// RFC 3339 in UTC with milliseconds: 2018-08-09T09:00:00.000Z.
std::string to_rfc3339(wall_time at);

/// The same with nanoseconds: 2018-08-09T09:00:00.000000000Z.
std::string to_rfc3339_ns(wall_time at);

/// Reads RFC 3339 / xs:dateTime with `Z` or a numeric offset; a time without zone counts as UTC. Nothing on
/// bad input and outside the years 1678 to 2261.
std::optional<wall_time> parse_rfc3339(std::string_view text);

/// Reads an xs:date (2018-08-09, an optional zone is ignored). Nothing on bad input or an impossible date.
std::optional<std::chrono::sys_days> parse_date(std::string_view text);

/// The `IMF-fixdate` form of RFC 9110 (Thu, 09 Aug 2018 09:00:00 GMT), for the Date header.
std::string to_http_date(wall_time at);

}  // namespace garde
