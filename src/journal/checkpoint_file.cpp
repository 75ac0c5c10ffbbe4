// See checkpoint_file.hpp.
#include "checkpoint_file.hpp"

#include <fmt/format.h>

namespace garde::journal {

result<void> checkpoint_file::push(const signed_checkpoint& what, const push_limit& /*until*/) {
    const auto failed = [](std::string_view act, const std::filesystem::path& where, std::error_code why) {
        return fail(fmt::format("cannot {} {}: {}", act, where.string(), why.message()));
    };
    auto temporary = file_;
    temporary += ".tmp";
    {
        auto opened = files_.open(temporary, open_mode::replace);
        if (!opened) return failed("open", temporary, opened.error());
        if (const auto why = (*opened)->append(what.note)) return failed("write", temporary, why);
        if (const auto why = (*opened)->sync()) return failed("sync", temporary, why);
    }
    if (const auto why = files_.rename(temporary, file_)) return failed("replace", file_, why);
    if (const auto why = files_.sync_folder(file_.parent_path()))
        return failed("sync", file_.parent_path(), why);
    return {};
}

}  // namespace garde::journal
