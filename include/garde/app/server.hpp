// `garde run`: puts the parts together, lives until it is told to end, and takes them apart in order.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"

#include <array>
#include <csignal>
#include <filesystem>

namespace garde::app {

/// How long exchanges may take to finish after SIGTERM before they are cut off.
inline constexpr std::chrono::seconds drain_time{10};

/// What serve() waits for. To be blocked before any thread is made.
inline constexpr std::array serve_signals{SIGTERM, SIGINT, SIGHUP};

/// Serves until SIGTERM or SIGINT. Fails only while starting; the error says what and where.
result<void> serve(const config::settings_ptr& settings);

}  // namespace garde::app
