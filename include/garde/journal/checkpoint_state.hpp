// Where checkpoints have got to, for metrics and operators: plain data.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/journal/tree_head.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace garde::journal {

/// One place that checkpoints go to.
struct place_state {
    std::string name;               ///< local, file, webhook or syslog
    std::uint64_t pushed_size = 0;  ///< of the log, in the newest checkpoint that got there; 0: none did yet
    std::optional<wall_time> pushed_at;
    std::optional<wall_time> failing_since;
    std::string why;  ///< while it fails: the latest failure in words
};

struct checkpoint_state {
    std::optional<tree_head> head;  ///< the newest; nothing until this process has written to the log
    std::string verifier_key;       ///< NAME+HASH+KEY; empty: nothing is signed
    std::vector<place_state> places;
    // Records that were appended while the log could not be written, on their way to syslog.
    std::uint64_t overflow_sent = 0;
    std::uint64_t overflow_dropped = 0;  ///< the queue was full, or syslog down until the end
};

}  // namespace garde::journal
