// See machine.hpp.
#include "garde/app/machine.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace garde::app {
namespace {

constexpr std::string_view control_groups = "/sys/fs/cgroup";

/// `0::/system.slice/garde.service` in /proc/self/cgroup.
std::filesystem::path own_control_group() {
    std::ifstream in("/proc/self/cgroup");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("0::/")) return line.substr(4);
    return {};
}

std::uint64_t memory_of_machine() {
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long page_bytes = ::sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0
               ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes)
               : 0;
}

}  // namespace

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
    return limit.rlim_cur;
}

std::optional<std::uint64_t> parse_memory_max(std::string_view text) {
    std::uint64_t out = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (failure != std::errc() || end == text.data()) return std::nullopt;
    return out;
}

std::uint64_t usable_memory() {
    std::uint64_t out = memory_of_machine();
    // A group's limit holds for all below it. In a container the path may be that of another name space: then
    // what is asked for does not exist, and the root's own limit, read last, is the container's.
    for (std::filesystem::path group = own_control_group();; group = group.parent_path()) {
        std::ifstream in(std::filesystem::path(control_groups) / group / "memory.max");
        std::string word;
        if (in >> word) out = std::min(out, parse_memory_max(word).value_or(out));
        if (group.empty()) return out;
    }
}

proxy::machine_facts facts_of_machine(const config::settings& settings, std::size_t workers) {
    proxy::machine_facts out{.workers = workers, .services = settings.services.size(), .backends = 0};
    std::uint64_t caches = 0;
    for (const auto& service : settings.services) {
        out.backends += service.backends.size();
        if (service.cache) caches += service.cache->memory_bytes;
    }
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.descriptors = limit.rlim_cur;
    const std::uint64_t memory = usable_memory();
    out.memory_bytes = memory - std::min(memory, caches);
    return out;
}

}  // namespace garde::app
