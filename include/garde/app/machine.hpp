// What the machine, and whoever started garde, allow this process: descriptors and memory.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/proxy/admission.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace garde::app {

/// Raises the soft limit on descriptors to the hard one; returns what is in force then. Nothing here uses
/// select(), for whose sake the soft limit is low. At start, before listeners are opened.
std::size_t raise_descriptor_limit();

/// The least of the machine's memory and the limits of the control groups (version 2) that the process is in.
std::uint64_t usable_memory();

/// The content of a control group's memory.max: bytes, or `max`. Nothing for no limit.
std::optional<std::uint64_t> parse_memory_max(std::string_view text);

/// Of this process, for the limits of admission: what the caches may take is taken off the memory.
proxy::machine_facts facts_of_machine(const config::settings& settings, std::size_t workers);

}  // namespace garde::app
