// What /metrics says. Pure: the numbers go in, the text comes out. Labels name services, backends and
// workers, never a caller, an operator or a patient.
#pragma once

#include "garde/cache/cache_totals.hpp"
#include "garde/cache/store_tier.hpp"
#include "garde/caller/recognition.hpp"
#include "garde/config/settings.hpp"
#include "garde/control/view.hpp"
#include "garde/emergency/ledger.hpp"
#include "garde/journal/checkpoint_state.hpp"
#include "garde/proxy/admission.hpp"
#include "garde/proxy/worker_counters.hpp"
#include "garde/telemetry/process_facts.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace garde::telemetry {

/// What is taken now of what admission gives.
struct load_now {
    proxy::admission_limits limits;
    std::uint64_t requests = 0;
    std::vector<std::uint64_t> requests_by_service;
    std::uint64_t buffered_bytes = 0;
};

/// Does a thread make progress?
enum class worker_health : std::uint8_t { alive, stalled };

struct metrics_input {
    std::span<const config::service_settings> services;
    const proxy::counter_totals& counters;
    const process_facts& process;
    const control::view* now = nullptr;  ///< null before the first
    std::optional<load_now> load;
    std::optional<caller::assertion_counts> assertions{};    ///< none where they are not looked at
    std::optional<cache::cache_totals> cache{};              ///< none where no service has a cache
    std::optional<cache::tier_totals> cache_store{};         ///< none where answers are kept in memory only
    std::optional<emergency::ledger_totals> ledger{};        ///< none where no request is kept
    std::optional<journal::checkpoint_state> checkpoints{};  ///< none where it is not looked at
    std::vector<worker_health> workers;                      ///< empty where nobody watches
};

std::string metrics_page(const metrics_input& from);

}  // namespace garde::telemetry
