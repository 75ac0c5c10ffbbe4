// See verify.hpp.
#include "verify.hpp"

#include "chain_checker.hpp"
#include "line_reader.hpp"
#include "log_file.hpp"
#include "posix_file_layer.hpp"

#include <fmt/format.h>

namespace garde::journal {

result<verification> verify(file_layer& files, const std::filesystem::path& folder) {
    const auto cannot_read = [&](std::string_view name, std::error_code why) {
        return fail(fmt::format("cannot read {}: {}", (folder / name).string(), why.message()));
    };
    // The head first: records that a running garde adds meanwhile are then behind it, which is fine.
    const auto head = load_head(files, folder);
    if (!head) return cannot_read(head_name, head.error());
    const auto log = files.open(folder / log_name, open_mode::read);
    if (!log && log.error() == std::errc::no_such_file_or_directory && *head) {
        verification out;
        out.last_hash = first_prev;
        out.problems.push_back(
            fmt::format("{}: missing: journal.head names record {}", log_name, (*head)->seq));
        return out;
    }
    if (!log) return cannot_read(log_name, log.error());

    chain_checker checker(*head);
    line_reader lines(**log);
    for (std::uint64_t number = 1;; ++number) {
        const auto raw = lines.next();
        if (!raw) return cannot_read(log_name, raw.error());
        if (!*raw) break;
        if ((*raw)->ended == raw_line::ending::missing)
            checker.add_unfinished(number);
        else if ((*raw)->length == raw_line::extent::too_long)
            checker.add(number, fail("it is longer than 64 KiB"));
        else
            checker.add(number, read_line((*raw)->text));
    }
    return std::move(checker).finish();
}

result<verification> verify(const std::filesystem::path& folder) {
    posix_file_layer files;
    return verify(files, folder);
}

}  // namespace garde::journal
