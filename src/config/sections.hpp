// The parts of the configuration: each reads one table and checks what can be checked inside it.
#pragma once

#include "garde/config/settings.hpp"

#include "reader.hpp"
#include "report.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

/// [node], [listener], [limits], [admin], [status], [metrics], [receipts], [self_check], [cache_store],
/// [ledger], [journal], and what holds between them.
void read_node(table_reader in, settings& into, report& problems);
void read_listener(table_reader in, listener_settings& into, report& problems);
void read_limits(table_reader in, limits_settings& into);
void read_admin(table_reader in, admin_settings& into, report& problems);
void read_status(table_reader in, status_settings& into, report& problems);
void read_metrics(table_reader in, std::optional<metrics_settings>& into);
void read_receipts(table_reader in, std::optional<receipts_settings>& into, report& problems);
/// [self_check], once the services are read: a backend is no reference.
void read_self_check(table_reader in, const std::vector<service_settings>& services,
                     self_check_settings& into);
void read_cache_store(table_reader in, std::optional<sealed_store_settings>& into, report& problems);
void read_ledger(table_reader in, std::optional<sealed_store_settings>& into, report& problems);
/// What holds between [cache_store], [ledger] and the services.
void check_cache_store(const settings& all, report& problems);
void check_ledger(const settings& all, report& problems);
/// [journal], once [node] is read.
void read_journal(table_reader in, settings& all, report& problems);
/// [journal.checkpoints]
void read_checkpoints(table_reader in, const settings& all, std::optional<checkpoint_settings>& into,
                      report& problems);
void check_listen_addresses(const settings& all, report& problems);

/// [assertions]; null when it is not there, or cannot be used.
std::shared_ptr<const caller::assertion_rules> read_assertions(table_reader in, report& problems);
/// What the limits of single callers and groups are held against.
struct limit_frame {
    const limits_settings& everybody;
    client_certificates clients;
};
/// [[caller]]
caller::directory read_callers(std::vector<table_reader> in, const limit_frame& frame, report& problems);
/// [[group]]: what `group:NAME` stands for, and how much its members may have.
using caller_groups = std::map<std::string, std::vector<caller::pattern>>;
struct group_tables {
    caller_groups by_name;
    std::vector<caller::limited_group> limited;
};
group_tables read_groups(std::vector<table_reader> in, const limit_frame& frame, report& problems);
/// The patterns of one setting, with the groups among them resolved where there may be any (`groups` not
/// null); what names nobody is reported.
std::vector<caller::pattern> read_patterns(table_reader& in, std::string_view key, need presence,
                                           std::string_view sample, const caller_groups* groups);

/// What may say who a caller is, for routes.
struct caller_means {
    bool certificates = false;
    bool assertions = false;
    caller_groups groups;
};

/// What a service can fall back on.
struct last_means {
    caller_means callers;
    bool ledger = false;  ///< requests can be kept
};

/// [[service.stand_in]]; `service` has been read but for it.
std::vector<stand_in_rule> read_stand_in(std::vector<table_reader> in, const caller_groups& groups,
                                         const service_settings& service, int service_line, report& problems);
/// What a route says of deferrals.
void read_deferral(table_reader& in, const last_means& means, route_settings& into);
/// Those of these patterns who can never show who they are in the way that the pattern asks for are reported.
void check_means(table_reader& in, std::string_view key, const std::vector<caller::pattern>& patterns,
                 const caller_means& callers);

/// What a service must not share with the services before it: names and paths, each with its line.
struct taken_names {
    std::map<std::string, int> services;
    std::map<std::string, int> paths;
};

/// [[service]] with all below it.
void read_service(table_reader in, const last_means& means, taken_names& taken, service_settings& into,
                  report& problems);
/// A table that says how to probe. Its type may be left to the backend that is probed.
struct written_probe {
    probe_settings settings;
    std::optional<probe_type> type;
    std::string name;   ///< of the table
    int type_line = 0;  ///< of the type, else of the table
};
written_probe read_probe(table_reader in, report& problems);
/// The same for this backend: whether it can be probed so, too.
probe_settings probe_of(const written_probe& probe, const backend_settings& backend, report& problems);

/// How the backends of a service are probed that do not say so themselves.
struct service_probes {
    written_probe probe;
    std::optional<written_probe> shallow;
};
/// [[service.backend]]: all of one service, sorted afterwards: the primary first, then the backups by order.
void read_backends(std::vector<table_reader> in, const table_reader& service, const service_probes& probes,
                   std::vector<backend_settings>& into, report& problems);
/// `primary "dc1"`, for messages.
std::string title_of(const backend_settings& backend);
void read_switchover(table_reader& in, switchover_settings& into);
/// What holds between [service.switchover] and the rest of its service.
void check_switchover(table_reader& in, const service_settings& service);

/// Letters, digits, '-', '_' and '.', at most 64 of them: fit for headers, addresses, file names and metrics.
[[nodiscard]] bool is_plain_name(std::string_view text);
/// Reads `name` and reports one that is not plain.
void read_name(table_reader& in, std::string& into, need presence, std::string_view sample);

}  // namespace garde::config
