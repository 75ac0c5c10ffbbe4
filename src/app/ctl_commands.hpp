// `garde ctl …`: its commands and their options.
#pragma once

// NOLINTBEGIN(readability-identifier-naming): the library's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

namespace garde::app {

/// Adds `ctl` with all that is below it; what is carried out leaves its exit code in `code`.
void add_ctl(CLI::App& cli, int& code);

}  // namespace garde::app
