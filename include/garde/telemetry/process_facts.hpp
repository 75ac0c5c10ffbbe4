// What the kernel says of this process.
#pragma once

#include "garde/base/clock.hpp"

#include <cstdint>

namespace garde::telemetry {

/// 0 for what cannot be read.
struct process_facts {
    std::uint64_t open_descriptors = 0;
    std::uint64_t descriptor_limit = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t threads = 0;
    double cpu_seconds = 0;  ///< of all threads, user and system
    wall_time started{};
};

/// Reads /proc; takes a time that grows with the number of open descriptors. Any thread.
process_facts read_process_facts(wall_time started);

}  // namespace garde::telemetry
