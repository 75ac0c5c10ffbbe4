// See store_files.hpp.
#include "store_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <sys/stat.h>
#include <system_error>

namespace garde::store {

namespace fs = std::filesystem;

void make_folder(const std::filesystem::path& folder) {
    if (folder.empty() || ::mkdir(folder.c_str(), 0700) == 0 || errno != ENOENT) return;
    make_folder(folder.parent_path());
    ::mkdir(folder.c_str(), 0700);
}

result<fs::path> set_aside(const fs::path& file) {
    fs::path aside;
    std::error_code ignored;
    int number = 1;
    do aside = fmt::format("{}.corrupt-{}", file.string(), number++);
    while (fs::exists(aside, ignored));
    for (const char* suffix : {"-wal", "-shm", ""}) {
        std::error_code why;
        fs::rename(file.string() + suffix, aside.string() + suffix, why);
        if (why && why != std::errc::no_such_file_or_directory)
            return fail(
                fmt::format("cannot set the corrupt {}{} aside: {}", file.string(), suffix, why.message()));
    }
    return aside;
}

}  // namespace garde::store
