// What is written into the journal: one thing that happened.
#pragma once

#include "garde/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::journal {

/// Nothing personal of patients may be among the values. What names an operator or a caller may: those values
/// (src/journal/personal.hpp knows which) go into the log as commitments only, and can be erased.
struct record {
    wall_time at{};
    std::string event;  ///< switchover, backend-change, verdict, override, refused, start, stop, …; the
                        ///< journal's own are in src/journal/own_events.hpp
    /// In the order they are written; names are unique. Bytes that are not UTF-8 are replaced, values over 4
    /// KiB cut, attributes beyond 60 KiB left out (and counted in an attribute `left-out`).
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string configuration{};  ///< SHA-256 of the configuration in force, hex; empty: not known
    std::string incident{};       ///< the incident that it belongs to; empty: none
    bool drill = false;           ///< part of a rehearsed outage
};

/// How soon what was appended must be out of reach of whoever can write here.
enum class urgency : std::uint8_t {
    usual,    ///< with the next checkpoint that is due
    at_once,  ///< switchovers, what operators do, and what the journal found wrong with itself
};

/// Of a record of this event.
urgency urgency_of(std::string_view event);

}  // namespace garde::journal
