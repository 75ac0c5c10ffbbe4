// What the commands share: complaints, and files or standard input read whole.
#pragma once

#include "garde/base/result.hpp"

#include <string>

namespace garde::app {

/// A line on standard error.
void complain(const std::string& what);

/// `-` is standard input.
result<std::string> read_all(const std::string& file);

/// Without line ends and blanks at its end.
std::string trimmed(std::string text);

}  // namespace garde::app
