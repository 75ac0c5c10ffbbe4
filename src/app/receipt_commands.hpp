// `garde receipt`: what whoever is shown a receipt checks it with, offline.
#pragma once

// NOLINTBEGIN(readability-identifier-naming): the library's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

namespace garde::app {

/// Adds the command; sets `code` when it was run.
void add_receipt(CLI::App& cli, int& code);

}  // namespace garde::app
