// How the controller's events look in the journal. Text in, text out.
#pragma once

#include "garde/config/settings.hpp"
#include "garde/continuity/brain.hpp"
#include "garde/control/controller.hpp"
#include "garde/journal/journal.hpp"

#include <optional>
#include <string>

namespace garde::control {

/// Wall-clock time of a steady one, by how long ago it is now.
wall_time to_wall(steady_time at);

/// Until when on the steady clock; a time that has passed is now.
std::optional<steady_time> steady_until(const std::optional<wall_time>& until);

// `former`: the configuration in which `from` counts; `service` itself but right after a reload.

/// Without `in-effect`, which is known later.
journal::record switchover_record(const config::service_settings& service,
                                  const config::service_settings& former,
                                  const continuity::record_switchover& what);
journal::record backend_change_record(const config::service_settings& service,
                                      const config::service_settings& former,
                                      const continuity::record_backend_change& what);
journal::record verdict_record(const config::service_settings& service,
                               const continuity::record_verdict& what);
/// What probes changed, where it takes no backend out of service nor back into it.
journal::record probe_verdict_record(const config::service_settings& service,
                                     const continuity::record_verdict& what);
journal::record procedure_record(const config::service_settings& service,
                                 const continuity::record_procedure& what);
/// An operator's order; `already` says that it found the procedure as it is to be.
journal::record procedure_order_record(const config::service_settings& service, const procedure_request& what,
                                       bool already);
journal::record freeze_record(const config::service_settings& service, const continuity::record_freeze& what);
journal::record insurer_record(const config::service_settings& service,
                               const continuity::record_insurer& what);
journal::record domain_record(const config::service_settings& service, const continuity::record_domain& what);
journal::record override_record(const mode_request& what);
journal::record exercise_begun_record(const exercise_run& what);
/// With how many requests took part.
journal::record exercise_ended_record(const exercise_run& what, const exercise_end& how);
/// Its probe and its shallow one disagree, or agree again.
journal::record agreement_record(const config::service_settings& service, continuity::backend_index backend,
                                 const continuity::probe_agreement& found);
/// This node is cut off from the network, or connected again.
journal::record network_record(const config::settings& node, continuity::connection now);
journal::record reload_record(const config::settings& former, const config::settings& now,
                              const std::string& by);

/// Another key for receipts: by their KID; empty: none.
journal::record receipt_key_record(const std::string& former, const std::string& now, const std::string& by);
/// So many new keys for session tickets, made by time.
journal::record ticket_keys_record(std::uint64_t made);
/// Who may give orders from now on and could not before, or no longer; nothing when they are the same.
std::optional<journal::record> operators_record(const config::admin_settings& former,
                                                const config::admin_settings& now, const std::string& by);
/// Something that wants somebody's attention, until it is cleared.
journal::record alarm_record(const std::string& alarm, bool raised);
/// `at` is what the clock shows after it was set.
journal::record clock_step_record(wall_time at, std::chrono::nanoseconds step);

}  // namespace garde::control
