// Durations, sizes and percentages as people write them in the configuration, and the word that was probably
// meant. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

/// "200ms", "5s", "2m", "1h", "30d"; nothing on anything else, overflow included.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "16KiB", "1MiB", "2GiB", "512B" or "512"; nothing on anything else, overflow included.
std::optional<std::size_t> parse_size(std::string_view text);

/// "20%", of any size that an int can hold; nothing on anything else.
std::optional<int> parse_percentage(std::string_view text);

/// In the largest unit that leaves no rest; parse_duration reads it back.
std::string duration_text(std::chrono::milliseconds value);

/// In the largest unit that leaves no rest; parse_size reads it back.
std::string size_text(std::size_t bytes);

/// "20%"; parse_percentage reads it back.
std::string percentage_text(int value);

/// The word of `known` that is few typing mistakes away from `word`; empty when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

}  // namespace garde::config
