// `garde run`: puts the parts together, lives until it is told to end, and takes them apart in order.
#pragma once

#include "garde/base/result.hpp"
#include "garde/config/settings.hpp"

#include <array>
#include <csignal>
#include <cstdint>

namespace garde::app {

/// What to do about a garde that owns the same data folder.
enum class start_as : std::uint8_t {
    only_one,   ///< do not start beside it
    successor,  ///< take over from it, where there is one
};

/// What serve() waits for. To be blocked before any thread is made.
inline constexpr std::array serve_signals{SIGTERM, SIGINT, SIGHUP};

/// Serves until SIGTERM or SIGINT, or until another process has taken over. Fails only while starting; the
/// error says what and where.
result<void> serve(const config::settings_ptr& settings, start_as role);

}  // namespace garde::app
