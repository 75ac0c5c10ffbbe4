// Looks for a record by what its line says. See reading.hpp.
#include "garde/journal/reading.hpp"

#include "head.hpp"
#include "line_reader.hpp"
#include "log_folder.hpp"
#include "posix_file_layer.hpp"
#include "record_line.hpp"

#include <fmt/format.h>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours either_way{1};

std::unexpected<error> cannot_read(const fs::path& what, std::error_code why) {
    return fail(fmt::format("cannot read {}: {}", what.string(), why.message()));
}

/// The last of the segment's lines that have the text.
result<std::optional<std::uint64_t>> find_in(file_layer& files, const fs::path& folder, std::uint64_t first,
                                             std::string_view text) {
    const auto file = folder / segment_name(first);
    const auto segment = open_listed_segment(files, folder, first);
    if (!segment) return cannot_read(file, segment.error());
    std::optional<std::uint64_t> out;
    if (!*segment) return out;
    line_reader lines(**segment);
    for (;;) {
        const auto raw = lines.next();
        if (!raw) return cannot_read(file, raw.error());
        if (!*raw) return out;
        if ((*raw)->text.find(text) == std::string_view::npos) continue;
        if (const auto line = read_line((*raw)->text)) out = line->seq;
    }
}

}  // namespace

result<std::optional<std::uint64_t>> find_record(const fs::path& folder, std::string_view text,
                                                 wall_time around) {
    posix_file_layer files;
    const auto head = load_head(files, folder);
    if (!head) return cannot_read(folder / head_name, head.error());
    if (!*head) return fail(fmt::format("{} is missing or unreadable", (folder / head_name).string()));
    const auto content = list_folder(files, folder);
    if (!content) return cannot_read(folder, content.error());
    const std::uint64_t durable = (*head)->edge.size();
    // From the newest on: a segment's records are of the time between its first one and the next segment's.
    std::optional<wall_time> next_begins;
    for (auto first = content->segments.rbegin(); first != content->segments.rend(); ++first) {
        const auto file = folder / segment_name(*first);
        const auto begins = time_of_first_record(files, file);
        if (!begins) return cannot_read(file, begins.error());
        const bool over_before = next_begins && *next_begins < around - either_way;
        const bool begins_behind = !*begins || **begins > around + either_way;
        next_begins = *begins ? *begins : next_begins;
        if (over_before || begins_behind) continue;
        const auto found = find_in(files, folder, *first, text);
        if (!found) return std::unexpected(found.error());
        if (*found && **found <= durable) return found;
    }
    return std::nullopt;
}

}  // namespace garde::journal
