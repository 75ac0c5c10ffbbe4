// The program's version, for the command line, metrics and whoever asks.
#pragma once

#include <string_view>

namespace garde {

inline constexpr std::string_view version = "0.1.0";

}  // namespace garde
