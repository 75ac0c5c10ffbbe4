// Structured logs: one JSON object a line on stderr, written by a thread of its own. A slow or dead reader of
// the log costs log lines (oldest first), never a request.
#pragma once

#include <string>

namespace garde::telemetry {

/// Sets up the process's logger; `level` is debug, info, warn or error. At start, before other threads.
void start_log(const std::string& level);

/// Another level from now on. Any thread.
void set_log_level(const std::string& level);

/// Writes what waits and ends the log's thread.
void stop_log();

}  // namespace garde::telemetry
