// The wsu:Timestamp of a message: when it was made, and whether that is now.
#pragma once

#include "garde/base/clock.hpp"

#include "xml_tree.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace garde::caller {

/// When the message was created; `timestamp` when that, or when it expires, is not said once and clearly, or
/// when it would live no time at all or more than an hour. Callers' clocks are off: that it expires is not
/// compared with the time of here.
checked<wall_time> read_timestamp(const xmlNode& timestamp);

/// An instant in text, with its zone; nothing without one, which two readers may take for two instants.
std::optional<wall_time> read_instant(std::string_view text);

/// Whether the two are at most `skew` apart.
bool is_near(wall_time a, wall_time b, std::chrono::seconds skew);

}  // namespace garde::caller
