// See verify.hpp: reads the files for log_checker, and compares personal values with their commitments.
#include "verify.hpp"

#include "hash_file.hpp"
#include "head.hpp"
#include "line_reader.hpp"
#include "log_checker.hpp"
#include "log_folder.hpp"
#include "names_reader.hpp"
#include "own_events.hpp"
#include "posix_file_layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

std::unexpected<error> cannot_read(const fs::path& what, std::error_code why) {
    return fail(fmt::format("cannot read {}: {}", what.string(), why.message()));
}

/// Compares personal values with what the log commits to. Those that are gone must have been erased, as a
/// later record says: until it comes, they are counted by epoch.
class names_check {
  public:
    names_check(file_layer& files, const fs::path& folder, const fs::path& names_key)
        : names_(files, folder, names_key) {}

    /// A record that is in its place. The text is a problem, empty when there is none.
    io_result<std::string> add(const line_place& where, const read_record& what) {
        if (what.event == event_names_erased)
            if (const auto before = parse_rfc3339(what.attribute("before")))
                erased_before_ = std::max(erased_before_, epoch_of(*before));
        const auto found = names_.find(what);
        if (!found) return std::unexpected(found.error());
        const auto at = parse_rfc3339(what.at);
        for (const auto& one : *found) {
            switch (one.state) {
                case name_state::opened: ++opened_; break;
                case name_state::sealed: ++sealed_; break;
                case name_state::gone: {
                    auto& gone = gone_[at ? epoch_of(*at) : 0];
                    if (gone.count++ == 0) gone.first = where;
                    break;
                }
                case name_state::wrong:
                    return fmt::format("\"{}\" of record {} is not what the record commits to", one.name,
                                       what.seq);
            }
        }
        return std::string();
    }

    void finish(log_checker& into) const {
        for (const auto& [epoch, gone] : gone_)
            if (epoch >= erased_before_)
                into.report(gone.first,
                            fmt::format("{} personal values from here on are missing, and no record "
                                        "says that they were erased",
                                        gone.count));
    }

    void count(verification& into) const {
        into.names_opened = opened_;
        into.names_sealed = sealed_;
        for (const auto& [epoch, gone] : gone_)
            if (epoch < erased_before_) into.names_erased += gone.count;
    }

  private:
    struct missing {
        std::uint64_t count = 0;
        line_place first;
    };

    names_reader names_;
    std::map<std::int64_t, missing> gone_;  ///< by epoch: a dozen a year
    std::int64_t erased_before_ = 0;
    std::uint64_t opened_ = 0;
    std::uint64_t sealed_ = 0;
};

/// One segment's lines into the checker. True when it ends in the middle of one.
io_result<bool> read_segment(open_file& segment, const std::string& name, log_checker& into) {
    tree_hasher hasher;
    line_reader lines(segment);
    for (std::uint64_t number = 1;; ++number) {
        const auto raw = lines.next();
        if (!raw) return std::unexpected(raw.error());
        if (!*raw) return false;
        line_place where{name, number};
        if ((*raw)->ended == raw_line::ending::missing) {
            into.add_unfinished(where);
            return true;
        }
        auto what = (*raw)->length == raw_line::extent::too_long
                        ? result<read_record>(fail("it is longer than 64 KiB"))
                        : read_line((*raw)->text);
        into.add({std::move(where), hasher.leaf((*raw)->text), std::move(what)});
    }
}

/// What is read at one moment, before the lines: what a running garde adds meanwhile is behind it, which is
/// fine.
struct snapshot {
    std::optional<log_head> head;
    hash_file hashes;
    folder_content content;
};

result<snapshot> take_snapshot(file_layer& files, const fs::path& folder) {
    auto head = load_head(files, folder);
    if (!head) return cannot_read(folder / head_name, head.error());
    auto hashes = hash_file::open(files, folder);
    if (!hashes) return cannot_read(folder / hashes_name, hashes.error());
    auto content = list_folder(files, folder);
    if (!content) return cannot_read(folder, content.error());
    if (!*head && content->segments.empty() && hashes->count() == 0)
        return fail(fmt::format("there is no journal in {}", folder.string()));
    return snapshot{*std::move(head), *std::move(hashes), *std::move(content)};
}

log_checker::facts facts_of(snapshot& now, const verify_options& options, std::error_code& hashes_failed) {
    const auto& segments = now.content.segments;
    const auto size = std::max(now.head ? now.head->edge.size() : 0, now.hashes.count());
    return {.head = now.head ? std::optional(now.head->edge.head()) : std::nullopt,
            .hash_at = [&](std::uint64_t index) -> std::optional<digest256> {
                auto hash = now.hashes.at(index);
                if (hash) return *hash;
                hashes_failed = hash.error();
                return std::nullopt;
            },
            .hashes = now.hashes.count(),
            .first_seq = segments.empty() ? 1 : std::min(segments.front(), size + 1),
            .checkpoint = options.checkpoint};
}

/// One reading of the whole. Nothing when a segment was removed since it was listed: what is left has to be
/// read as a log that begins behind it.
result<std::optional<verification>> verify_once(file_layer& files, const fs::path& folder,
                                                const verify_options& options) {
    auto now = take_snapshot(files, folder);
    if (!now) return std::unexpected(now.error());
    std::error_code failed;
    names_check names(files, folder, options.names_key);
    log_checker* reports = nullptr;
    log_checker checker(facts_of(*now, options, failed), [&](const auto& line, log_checker::verdict is) {
        if (is != log_checker::verdict::in_place) return;
        const auto problem = names.add(line.place, *line.what);
        if (!problem)
            failed = problem.error();
        else if (!problem->empty())
            reports->report(line.place, *problem);
    });
    reports = &checker;
    for (const auto first : now->content.segments) {
        const auto name = segment_name(first);
        const auto segment = open_listed_segment(files, folder, first);
        if (!segment) return cannot_read(folder / name, segment.error());
        if (!*segment) return std::nullopt;
        const auto cut = read_segment(**segment, name, checker);
        if (!cut) return cannot_read(folder / name, cut.error());
    }
    checker.end();
    names.finish(checker);
    auto out = std::move(checker).finish();
    if (failed) return cannot_read(folder, failed);
    names.count(out);
    return out;
}

}  // namespace

result<verification> verify(file_layer& files, const fs::path& folder, const verify_options& options) {
    constexpr int readings = 10;
    for (int i = 0; i < readings; ++i) {
        auto found = verify_once(files, folder, options);
        if (!found) return std::unexpected(found.error());
        if (*found) return **std::move(found);
    }
    return fail(fmt::format("segments of {} are removed faster than they can be read: verify a copy of it",
                            folder.string()));
}

result<verification> verify(const fs::path& folder, const verify_options& options) {
    posix_file_layer files;
    return verify(files, folder, options);
}

}  // namespace garde::journal
