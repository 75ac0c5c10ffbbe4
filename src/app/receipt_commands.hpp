// `garde receipt`: what whoever is shown a receipt checks it with, offline.
#pragma once

namespace CLI {
class App;
}

namespace garde::app {

/// Adds the command; sets `code` when it was run.
void add_receipt(CLI::App& cli, int& code);

}  // namespace garde::app
