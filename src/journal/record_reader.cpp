// See reading.hpp: records in their order, for people.
#include "garde/journal/reading.hpp"

#include "head.hpp"
#include "line_reader.hpp"
#include "log_folder.hpp"
#include "names_reader.hpp"
#include "posix_file_layer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::journal {

namespace fs = std::filesystem;

struct record_reader::state {
    state(const fs::path& folder_given, const fs::path& names_key, std::uint64_t from)
        : folder(folder_given),
          names(files, folder_given, names_key),
          due(std::max<std::uint64_t>(from, 1)) {}

    [[nodiscard]] std::unexpected<error> failed(const fs::path& what, std::error_code why) const {
        return fail(fmt::format("cannot read {}: {}", (folder / what).string(), why.message()));
    }

    result<std::uint64_t> read_size() {
        const auto head = load_head(files, folder);
        if (!head) return failed(head_name, head.error());
        if (!*head)
            return fail(
                fmt::format("{} is missing or unreadable: there is no journal, or it was tampered with; "
                            "run garde journal verify",
                            (folder / head_name).string()));
        return (*head)->edge.size();
    }

    /// Opens the segment that the record that is due is in, or the next one that is left. False when there is
    /// none.
    result<bool> open_segment() {
        for (;;) {
            const auto content = list_folder(files, folder);
            if (!content) return failed("", content.error());
            std::optional<std::uint64_t> in;
            for (const auto first : content->segments)
                if (first <= due || !in) in = first;
            if (!in || *in == open_now) return false;
            auto opened = open_listed_segment(files, folder, *in);
            if (!opened) return failed(segment_name(*in), opened.error());
            if (!*opened) continue;
            due = std::max(due, *in);
            segment = *std::move(opened);
            lines = std::make_unique<line_reader>(*segment);
            open_now = *in;
            return true;
        }
    }

    /// The next line from the due one on that is a record and durable.
    result<std::optional<read_record>> next_line() {
        for (;;) {
            if (due > size) {
                const auto now = read_size();
                if (!now) return std::unexpected(now.error());
                if (*now > size) names.look_again();
                size = *now;
                if (due > size) return std::nullopt;
            }
            const auto raw = lines ? lines->next() : io_result<std::optional<raw_line>>(std::nullopt);
            if (!raw) return failed(segment_name(open_now), raw.error());
            if (!*raw) {
                const auto more = open_segment();
                if (!more) return std::unexpected(more.error());
                if (*more) continue;
                return std::nullopt;
            }
            auto line = read_line((*raw)->text);
            if (!line || line->seq < due) continue;
            due = line->seq + 1;
            return *std::move(line);
        }
    }

    result<std::optional<shown_record>> next() {
        auto line = next_line();
        if (!line) return std::unexpected(line.error());
        if (!*line) return std::nullopt;
        const auto found = names.find(**line);
        if (!found) return fail(fmt::format("cannot read personal values: {}", found.error().message()));
        shown_record out{.seq = (*line)->seq,
                         .at = std::move((*line)->at),
                         .event = std::move((*line)->event),
                         .configuration = std::move((*line)->configuration),
                         .incident = std::move((*line)->incident),
                         .drill = (*line)->drill,
                         .attributes = std::move((*line)->attributes)};
        for (const auto& one : *found) out.attributes.emplace_back(one.name, shown(one));
        return out;
    }

    static std::string shown(const found_name& of) {
        switch (of.state) {
            case name_state::opened: return of.value;
            case name_state::sealed: return "(sealed)";
            case name_state::gone: return "(erased)";
            case name_state::wrong: return "(does not fit the log)";
        }
        std::unreachable();
    }

    posix_file_layer files;
    fs::path folder;
    names_reader names;
    std::uint64_t due;       ///< the next record's number
    std::uint64_t size = 0;  ///< durable, when last looked at
    std::uint64_t open_now = 0;
    std::unique_ptr<open_file> segment;
    std::unique_ptr<line_reader> lines;
};

record_reader::record_reader(const fs::path& folder, const fs::path& names_key, std::uint64_t from_seq)
    : state_(std::make_unique<state>(folder, names_key, from_seq)) {}

record_reader::~record_reader() = default;

result<std::optional<shown_record>> record_reader::next() {
    return state_->next();
}

result<std::uint64_t> record_reader::size() {
    return state_->read_size();
}

}  // namespace garde::journal
