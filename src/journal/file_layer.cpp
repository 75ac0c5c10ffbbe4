// See file_layer.hpp: what several files need, on any layer.
#include "file_layer.hpp"

#include <fmt/format.h>

namespace garde::journal {

namespace fs = std::filesystem;

io_result<std::string> read_beginning(file_layer& files, const fs::path& file, std::size_t limit) {
    auto opened = files.open(file, open_mode::read);
    if (!opened) return std::unexpected(opened.error());
    std::string out(limit, '\0');
    std::size_t filled = 0;
    while (filled < limit) {
        const auto got = (*opened)->read_at(filled, {out.data() + filled, limit - filled});
        if (!got) return std::unexpected(got.error());
        if (*got == 0) break;
        filled += *got;
    }
    out.resize(filled);
    return out;
}

std::error_code replace_file(file_layer& files, const fs::path& file, std::string_view content) {
    auto temporary = file;
    temporary += ".tmp";
    {
        auto opened = files.open(temporary, open_mode::replace);
        if (!opened) return opened.error();
        if (const auto why = (*opened)->append(content)) return why;
        if (const auto why = (*opened)->sync()) return why;
    }
    return files.rename(temporary, file);
}

result<void> make_folders(file_layer& files, const fs::path& folder) {
    const auto parent = folder.parent_path();
    auto made = files.make_folder(folder);
    if (!made && made.error() == std::errc::no_such_file_or_directory && !parent.empty() &&
        parent != folder) {
        if (auto above = make_folders(files, parent); !above) return above;
        made = files.make_folder(folder);
    }
    if (!made)
        return fail(fmt::format("cannot make the folder {}: {}", folder.string(), made.error().message()));
    if (*made == folder_state::was_there) return {};
    if (const auto why = files.sync_folder(parent.empty() ? fs::path(".") : parent))
        return fail(fmt::format("cannot sync {}: {}", parent.string(), why.message()));
    return {};
}

}  // namespace garde::journal
