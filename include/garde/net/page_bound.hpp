// How many connections each of garde's own sites may hold, so that they and callers leave each other room.
// Pure.
#pragma once

#include <algorithm>
#include <cstddef>

namespace garde::net {

inline constexpr std::size_t page_sites = 3;  ///< status, admin, metrics

/// Of one site, when the process may have so many descriptors: a sixteenth of them, at most 512.
constexpr std::size_t page_connections(std::size_t descriptors) {
    return std::clamp<std::size_t>(descriptors / 16, 4, 512);
}

}  // namespace garde::net
