// See explain.hpp: whether the backups are redundancy, in words.
#include "garde/config/explain.hpp"

#include "sections.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

namespace garde::config {
namespace {

void add_faults(const service_settings& service, std::vector<shared_fault>& out) {
    std::set<std::string> kinds;
    for (const auto& backend : service.backends)
        for (const auto& [kind, name] : backend.domains) kinds.insert(kind);
    for (const auto& kind : kinds) {
        std::map<std::string, std::vector<std::string>> backends_by_name;
        for (const auto& backend : service.backends) {
            const auto found = backend.domains.find(kind);
            backends_by_name[found == backend.domains.end() ? "" : found->second].push_back(
                title_of(backend));
        }
        for (auto& [name, backends] : backends_by_name)
            if (name.empty() || backends.size() > 1)
                out.push_back({service.name, kind, name, std::move(backends)});
    }
}

std::string in_words(const shared_fault& one) {
    if (one.name.empty())
        return fmt::format("{}: {} {} not say, and unknown counts as shared with all", one.kind,
                           fmt::join(one.backends, " and "), one.backends.size() == 1 ? "does" : "do");
    return fmt::format("{} \"{}\": {}", one.kind, one.name, fmt::join(one.backends, " and "));
}

}  // namespace

std::vector<shared_fault> explain_shared_faults(const settings& all) {
    std::vector<shared_fault> out;
    for (const auto& service : all.services)
        if (service.backends.size() > 1) add_faults(service, out);
    return out;
}

std::string shared_faults_text(const settings& all) {
    const auto faults = explain_shared_faults(all);
    std::string out;
    for (const auto& service : all.services) {
        std::string lines;
        for (const auto& one : faults)
            if (one.service == service.name) lines += fmt::format("  - {}\n", in_words(one));
        if (service.backends.size() == 1)
            out += fmt::format("{} has no backup: any failure of its primary takes it\n", service.name);
        else if (lines.empty())
            out += fmt::format("no failure that the configuration knows of takes two backends of {}\n",
                               service.name);
        else
            out += fmt::format("one failure takes several backends of {}:\n{}", service.name, lines);
    }
    return out;
}

}  // namespace garde::config
