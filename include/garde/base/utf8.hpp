// Well-formed UTF-8 (RFC 3629): what may go into JSON and XML. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace garde {

/// Bytes of the character that `text` begins with; 0 when it is empty or does not begin with a well-formed
/// one.
std::size_t utf8_character_length(std::string_view text);

bool is_utf8(std::string_view text);

/// `text` with every byte that is not part of a well-formed character replaced by U+FFFD. What would make the
/// result longer than `limit` bytes (at least 3) is cut at a character's border, and `…` put in its place.
std::string clean_utf8(std::string_view text, std::size_t limit);

}  // namespace garde
