// See sections.hpp: the backends of one service, and whether the backups are redundancy at all.
#include "garde/continuity/fault_domains.hpp"

#include "addresses.hpp"
#include "certificates.hpp"
#include "sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace garde::config {
namespace {

constexpr std::size_t backend_limit = 16;

constexpr std::array<choice<backend_role>, 2> roles{
    {{"primary", backend_role::primary}, {"backup", backend_role::backup}}};

/// A backend with the lines that later messages need.
struct placed_backend {
    backend_settings settings;
    int line = 0;
    int role_line = 0;
    int domains_line = 0;
    bool has_role = false;
};

void read_backend_tls(table_reader& in, backend_settings& into, report& problems) {
    in.read_flag("tls", into.tls);
    in.read_text("server_name", into.server_name, need::optional, "\"dc1.example\"");
    if (into.server_name.empty()) into.server_name = into.address.host;
    const auto authorities =
        in.read_path("ca", into.tls ? need::required : need::optional, "\"../certs/backend-ca.pem\"");
    into.client = read_certificate(in, "client_certificate", "client_key", need::optional, problems);
    if (into.tls) {
        if (authorities) {
            (void)read_authorities(*authorities, problems);
            into.ca = authorities->path;
        }
        return;
    }
    for (const auto* key : {"ca", "client_certificate", "client_key"})
        if (in.has(key)) in.error(key, "has no use while tls = false", "remove it, or write tls = true");
    if (!is_loopback(into.address.host))
        in.warning("tls", "= false sends patients' data in clear over the network",
                   "write tls = true and ca");
}

void read_probes(table_reader& in, const service_probes& probes, backend_settings& into, report& problems) {
    if (auto own = in.read_table("probe", need::optional))
        into.probe = probe_of(read_probe(std::move(own), problems), into, problems);
    else
        into.probe = probe_of(probes.probe, into, problems);
    if (!probes.shallow) return;
    into.shallow_probe = probe_of(*probes.shallow, into, problems);
    const auto shallow = into.shallow_probe->type;
    const bool only_reaches = shallow == probe_type::tcp || shallow == probe_type::tls;
    if (shallow > into.probe.type || (only_reaches && shallow == into.probe.type))
        problems.warning(
            probes.shallow->type_line,
            fmt::format("{} asks as much of backend \"{}\" as its probe does, so that the two say the same",
                        probes.shallow->name, into.name),
            "write a type that asks less, or a probe that asks more");
}

placed_backend read_backend(table_reader& in, const service_probes& probes, report& problems) {
    placed_backend out;
    auto& backend = out.settings;
    read_name(in, backend.name, need::required, "\"dc1\"");
    in.set_label(backend.name);
    in.read_choice("role", backend.role, roles, need::required);
    in.read_number("order", backend.order, {0, 1000});
    read_endpoint(in, backend.address, host_kind::any);
    read_backend_tls(in, backend, problems);
    in.read_named_texts("domains", backend.domains, "{ site = \"dc1\", storage = \"san-a\" }");
    read_probes(in, probes, backend, problems);
    in.finish();

    if (backend.role == backend_role::primary && in.has("order"))
        in.error("order", "is for backups: the primary is always first", "remove it");
    out.line = in.line();
    out.role_line = in.line_of({"role"});
    out.domains_line = in.line_of({"domains"});
    out.has_role = in.has("role");
    return out;
}

void check_unique(const std::vector<placed_backend>& all, report& problems) {
    for (std::size_t i = 1; i < all.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            const auto& [a, b] = std::tie(all[j].settings, all[i].settings);
            if (!b.name.empty() && a.name == b.name)
                problems.error(
                    all[i].line,
                    fmt::format("backend \"{}\" is there twice, first in line {}", b.name, all[j].line),
                    "give each backend of a service its own name");
            if (b.address.port != 0 && a.address.host == b.address.host && a.address.port == b.address.port)
                problems.error(
                    b.address.line,
                    fmt::format("backend \"{}\" has the same address as \"{}\", so they fail together",
                                b.name, a.name),
                    "write the backup's own address, or remove it");
            if (all[i].has_role && all[j].has_role && a.role == backend_role::backup &&
                b.role == backend_role::backup && a.order == b.order)
                problems.error(
                    all[i].line,
                    fmt::format("backups \"{}\" and \"{}\" have the same order {}", a.name, b.name, b.order),
                    fmt::format("write e.g. order = {}", b.order + 1));
        }
    }
}

void check_primary(const std::vector<placed_backend>& all, const table_reader& service, report& problems) {
    const placed_backend* primary = nullptr;
    for (const auto& each : all) {
        if (!each.has_role || each.settings.role != backend_role::primary) continue;
        if (primary != nullptr)
            problems.error(each.role_line,
                           fmt::format("backend \"{}\" is a second primary beside \"{}\"", each.settings.name,
                                       primary->settings.name),
                           "write role = \"backup\" and an order");
        else
            primary = &each;
    }
    const bool unfinished =
        std::ranges::any_of(all, [](const placed_backend& each) { return !each.has_role; });
    if (primary == nullptr && !unfinished)
        problems.error(service.line(), fmt::format("{} has no primary", service.name()),
                       "write role = \"primary\" in one [[service.backend]]");
}

/// "storage \"san-a\" and power \"p1\""
std::string named_kinds(const std::vector<std::string>& kinds,
                        const std::map<std::string, std::string>& domains) {
    std::vector<std::string> words;
    words.reserve(kinds.size());
    for (const auto& kind : kinds) words.push_back(fmt::format("{} \"{}\"", kind, domains.at(kind)));
    return fmt::format("{}", fmt::join(words, " and "));
}

/// What the two can lose together, in words.
std::string overlap_words(const backend_settings& backup, const backend_settings& other,
                          const continuity::domain_overlap& found) {
    for (const auto* silent : {&backup, &other})
        if (silent->domains.empty())
            return fmt::format(
                "{} names no fault domains, and unknown counts as shared: nothing separates {} from {}",
                title_of(*silent), title_of(backup), title_of(other));
    std::vector<std::string> parts;
    if (!found.shared.empty())
        parts.push_back(fmt::format("{} shares {} with {}", title_of(backup),
                                    named_kinds(found.shared, backup.domains), title_of(other)));
    if (!found.unknown.empty())
        parts.push_back(fmt::format("only one of {} and {} names its {}, and unknown counts as shared",
                                    title_of(backup), title_of(other), fmt::join(found.unknown, ", ")));
    return fmt::format("{}", fmt::join(parts, "; "));
}

void check_pair(const placed_backend& backup, const placed_backend& other, report& problems) {
    const auto found = continuity::overlap(other.settings.domains, backup.settings.domains);
    const bool nothing_separate = found.shares_everything();
    if (!nothing_separate && found.shared.empty() && found.unknown.empty()) return;
    const bool silent = other.settings.domains.empty() || backup.settings.domains.empty();
    const int line = other.settings.domains.empty() ? other.line : backup.domains_line;
    const auto words = overlap_words(backup.settings, other.settings, found);
    if (other.settings.role == backend_role::primary) {
        if (nothing_separate)
            problems.error(
                line, words + "; one failure takes both",
                "name what separates them, e.g. domains = { site = \"dc2\", storage = \"san-b\" }, or remove "
                "the backup: it protects against nothing");
        else
            problems.warning(line, words + "; one failure there takes both",
                             "place the backup apart, or name what separates it");
    } else if (nothing_separate && !silent) {
        problems.warning(line, words + "; the two count as one",
                         "place them apart, or name what separates them");
    } else if (!nothing_separate) {
        problems.warning(line, words + "; one failure there takes both",
                         "place them apart, or name what separates them");
    }
}

void check_separation(const std::vector<placed_backend>& all, report& problems) {
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!all[i].has_role || all[i].settings.role != backend_role::backup) continue;
        for (std::size_t j = 0; j < all.size(); ++j) {
            const bool primary = all[j].has_role && all[j].settings.role == backend_role::primary;
            const bool earlier_backup = all[j].has_role && !primary && j < i;
            if (primary || earlier_backup) check_pair(all[i], all[j], problems);
        }
    }
}

}  // namespace

std::string title_of(const backend_settings& backend) {
    return fmt::format("{} \"{}\"", backend.role == backend_role::primary ? "primary" : "backup",
                       backend.name);
}

void read_backends(std::vector<table_reader> in, const table_reader& service, const service_probes& probes,
                   std::vector<backend_settings>& into, report& problems) {
    std::vector<placed_backend> all;
    all.reserve(in.size());
    for (auto& table : in) all.push_back(read_backend(table, probes, problems));
    if (all.size() > backend_limit)
        problems.error(all[backend_limit].line,
                       fmt::format("{} has more than {} backends", service.name(), backend_limit),
                       "remove some, or divide the service");
    check_unique(all, problems);
    if (!all.empty()) check_primary(all, service, problems);
    check_separation(all, problems);

    std::ranges::sort(all, {}, [](const placed_backend& each) {
        return std::pair(each.settings.role != backend_role::primary, each.settings.order);
    });
    for (auto& each : all) into.push_back(std::move(each.settings));
}

}  // namespace garde::config
