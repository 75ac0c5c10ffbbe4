// A message of a probe as it is sent, from the text that the operator wrote: services with WS-Security refuse
// what is old or what they have seen before.
#pragma once

#include "garde/base/clock.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace garde::soap {

/// What may stand in a template. {timestamp}: now, as xs:dateTime in UTC with milliseconds. {date}: now, as
/// xs:date in UTC. {uuid}: a random UUID, the same one wherever it stands in a message.
inline constexpr std::array<std::string_view, 3> placeholders{"{timestamp}", "{date}", "{uuid}"};

/// `random` becomes the UUID (version 4, RFC 9562). Anything else in braces stays as it is.
std::string fill_template(std::string_view text, wall_time now, std::span<const std::uint8_t, 16> random);

/// The first small letters in braces that are no placeholder, braces included; empty when there are none.
std::string_view unknown_placeholder(std::string_view text);

}  // namespace garde::soap
