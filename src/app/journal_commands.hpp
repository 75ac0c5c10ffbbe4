// `garde journal …`: reads a journal's folder, of a garde that runs or not.
#pragma once

// NOLINTBEGIN(readability-identifier-naming): the library's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

namespace garde::app {

/// Adds `journal` with all that is below it; what is carried out leaves its exit code in `code`.
void add_journal(CLI::App& cli, int& code);

}  // namespace garde::app
