// See process_facts.hpp.
#include "garde/telemetry/process_facts.hpp"

#include <algorithm>
#include <dirent.h>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace garde::telemetry {
namespace {

std::uint64_t count_descriptors() {
    DIR* const folder = ::opendir("/proc/self/fd");
    if (folder == nullptr) return 0;
    std::uint64_t entries = 0;
    while (::readdir(folder) != nullptr) ++entries;
    ::closedir(folder);
    constexpr std::uint64_t not_ours = 3;  // ".", ".." and the folder itself
    return entries - std::min(entries, not_ours);
}

std::uint64_t resident_bytes() {
    std::ifstream in("/proc/self/statm");
    std::uint64_t whole_pages = 0;
    std::uint64_t resident_pages = 0;
    if (!(in >> whole_pages >> resident_pages)) return 0;
    return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t count_threads() {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;)
        if (std::uint64_t count = 0; word == "Threads:" && in >> count) return count;
    return 0;
}

double seconds_of(const timeval& time) {
    constexpr double micro = 1e-6;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * micro;
}

}  // namespace

process_facts read_process_facts(wall_time started) {
    process_facts out{.open_descriptors = count_descriptors(),
                      .resident_bytes = resident_bytes(),
                      .threads = count_threads(),
                      .started = started};
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0) out.descriptor_limit = limit.rlim_cur;
    if (rusage used{}; ::getrusage(RUSAGE_SELF, &used) == 0)
        out.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    return out;
}

}  // namespace garde::telemetry
