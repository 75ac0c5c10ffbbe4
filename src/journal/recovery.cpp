// How the log is opened: it reads `head`, what lies behind it, and nothing else, unless something is wrong.
// See log_file.hpp.
//
// What head names was durable once: lines that are missing from it are damage, and their numbers stay taken,
// so that what was proven of them stays so. What is behind it was never acknowledged: whole lines that go on
// are kept, the rest is a write that was cut off. When head is gone, the hashes and then the lines say where
// the log stands.
#include "hash_file.hpp"
#include "line_reader.hpp"
#include "log_file.hpp"
#include "log_folder.hpp"
#include "own_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t hash_bytes = digest256{}.size();

std::unexpected<error> failed(std::string_view what, const fs::path& where, std::error_code why) {
    return fail(fmt::format("cannot {} {}: {}", what, where.string(), why.message()));
}

bool holds(const std::vector<std::uint64_t>& segments, std::uint64_t first) {
    return std::ranges::find(segments, first) != segments.end();
}

/// The last line of a segment that is a record up to `most`.
struct last_line {
    std::uint64_t seq = 0;
    std::uint64_t end = 0;  ///< offset behind it
};

io_result<last_line> find_last(open_file& segment, std::uint64_t most) {
    last_line out;
    line_reader lines(segment);
    for (;;) {
        const auto raw = lines.next();
        if (!raw) return std::unexpected(raw.error());
        if (!*raw || (*raw)->ended == raw_line::ending::missing) return out;
        const auto line = read_line((*raw)->text);
        if (line && line->seq <= most) out = {line->seq, (*raw)->end};
    }
}

/// Whether a line ends there.
io_result<bool> ends_line(open_file& segment, std::uint64_t at) {
    if (at == 0) return true;
    char before = 0;
    const auto got = segment.read_at(at - 1, {&before, 1});
    if (!got) return std::unexpected(got.error());
    return *got == 1 && before == '\n';
}

io_result<digest256> sha256_of(file_layer& files, const fs::path& file) {
    auto opened = files.open(file, open_mode::read);
    if (!opened) return std::unexpected(opened.error());
    sha256_stream out;
    std::string piece(64 * 1024, '\0');
    for (std::uint64_t offset = 0;;) {
        const auto got = (*opened)->read_at(offset, piece);
        if (!got) return std::unexpected(got.error());
        if (*got == 0) return out.take();
        out.add(std::string_view(piece).substr(0, *got));
        offset += *got;
    }
}

}  // namespace

/// What lay behind head.
struct log_file::found_behind {
    std::string hashes;  ///< of the records that go on
    std::uint64_t cut_bytes = 0;
    std::uint64_t cut_lines = 0;
};

result<std::unique_ptr<log_file>> log_file::open(file_layer& files, fs::path folder, log_limits limits,
                                                 wall_time now) {
    // A trailing slash would make the folder its own parent.
    if (!folder.has_filename()) folder = folder.parent_path();
    std::unique_ptr<log_file> out(new log_file(files, std::move(folder), std::move(limits)));
    if (auto made = make_folders(files, out->folder_); !made) return std::unexpected(made.error());
    auto lock = files.lock(out->folder_ / lock_name);
    if (!lock) return std::unexpected(lock.error());
    out->lock_ = *std::move(lock);
    if (auto recovered = out->recover(now); !recovered) return std::unexpected(recovered.error());
    return out;
}

result<void> log_file::recover(wall_time now) {
    const auto content = list_folder(files_, folder_);
    if (!content) return failed("read", folder_, content.error());
    if (auto noted = note_old_log(*content, now); !noted) return noted;
    if (auto found = find_head(*content, now); !found) return found;
    if (auto opened = open_last_segment(*content, now); !opened) return opened;
    const auto known = head_.edge.size();
    found_behind behind;
    if (auto followed = follow_lines(*content, behind); !followed) return followed;
    if (behind.cut_bytes > 0)
        findings_.push_back({.at = now,
                             .event = std::string(event_tail_cut),
                             .attributes = {{"bytes", std::to_string(behind.cut_bytes)},
                                            {"lines", std::to_string(behind.cut_lines)}}});
    if (auto mended = mend_hashes(*content, known, behind.hashes); !mended) return mended;
    if (segment_) {
        const auto first = time_of_first_record(files_, folder_ / segment_name(head_.segment));
        if (!first) return failed("read", folder_ / segment_name(head_.segment), first.error());
        segment_epoch_ = *first ? epoch_of(**first) : 0;
    }
    auto names = names_log::open(files_, folder_, limits_.names_key, head_.edge.size());
    if (!names) return std::unexpected(names.error());
    names_ = *std::move(names);
    return {};
}

result<void> log_file::find_head(const folder_content& content, wall_time now) {
    auto head = load_head(files_, folder_);
    if (!head) return failed("read", folder_ / head_name, head.error());
    if (*head) {
        head_ = **std::move(head);
        return {};
    }
    auto hashes = hash_file::open(files_, folder_);
    if (!hashes) return failed("read", folder_ / hashes_name, hashes.error());
    if (content.segments.empty() && hashes->count() == 0) {
        // A new log gets its head before its first record, so that a head that is missing later means
        // something.
        if (const auto why = write_head(head_)) return failed("write", folder_ / head_name, why);
        return {};
    }
    if (auto rebuilt = rebuild_head(content); !rebuilt) return rebuilt;
    findings_.push_back({.at = now,
                         .event = std::string(event_head_missing),
                         .attributes = {{"found-seq", std::to_string(head_.edge.size())}}});
    return {};
}

result<void> log_file::rebuild_head(const folder_content& content) {
    auto hashes = hash_file::open(files_, folder_);
    if (!hashes) return failed("read", folder_ / hashes_name, hashes.error());
    for (std::uint64_t i = 0; i < hashes->count(); ++i) {
        const auto hash = hashes->at(i);
        if (!hash) return failed("read", folder_ / hashes_name, hash.error());
        head_.edge.append(hash->value_or(digest256{}));
    }
    if (content.segments.empty()) return {};
    // Hashes that nobody knows any more: the numbers of their records stay taken.
    while (head_.edge.size() + 1 < content.segments.front()) head_.edge.append({});
    // The latest one that begins with a record that has a hash.
    for (const auto first : content.segments)
        if (first <= head_.edge.size()) head_.segment = first;
    return {};
}

/// Finds the place in the segment that head names; says so when records are missing there.
result<void> log_file::open_last_segment(const folder_content& content, wall_time now) {
    const auto size = head_.edge.size();
    if (size == 0) return {};
    last_line found;
    if (holds(content.segments, head_.segment)) {
        const auto file = folder_ / segment_name(head_.segment);
        auto opened = files_.open(file, open_mode::append);
        if (!opened) return failed("open", file, opened.error());
        segment_ = *std::move(opened);
        const auto length = segment_->size();
        if (!length) return failed("read", file, length.error());
        const auto fits = ends_line(*segment_, head_.bytes);
        if (!fits) return failed("read", file, fits.error());
        if (head_.bytes > 0 && *length >= head_.bytes && *fits) return {};
        const auto last = find_last(*segment_, size);
        if (!last) return failed("read", file, last.error());
        found = *last;
        head_.bytes = found.end;
        if (found.seq == size) return {};  // lines were edited; verify finds that
    } else {
        for (const auto first : content.segments)
            if (first < head_.segment) found.seq = first;  // at least
        head_.bytes = 0;
    }
    findings_.push_back(
        {.at = now,
         .event = std::string(event_truncated_found),
         .attributes = {{"expected-seq", std::to_string(size)}, {"found-seq", std::to_string(found.seq)}}});
    return {};
}

/// Goes on from head through the lines behind it, over segments.
result<void> log_file::follow_lines(const folder_content& content, found_behind& found) {
    if (segment_)
        if (auto followed = follow_segment(found); !followed) return followed;
    while (found.cut_bytes == 0 && holds(content.segments, head_.edge.size() + 1)) {
        const auto next = head_.edge.size() + 1;
        const auto file = folder_ / segment_name(next);
        auto opened = files_.open(file, open_mode::append);
        if (!opened) return failed("open", file, opened.error());
        segment_ = *std::move(opened);
        head_.segment = next;
        head_.bytes = 0;
        if (auto followed = follow_segment(found); !followed) return followed;
        if (head_.bytes == 0) break;
    }
    return {};
}

result<void> log_file::follow_segment(found_behind& found) {
    const auto file = folder_ / segment_name(head_.segment);
    const auto begin = head_.bytes;
    tree_hasher hasher;
    line_reader lines(*segment_, begin);
    for (bool good = true;;) {
        const auto raw = lines.next();
        if (!raw) return failed("read", file, raw.error());
        if (!*raw) break;
        const auto line = read_line((*raw)->text);
        good =
            good && (*raw)->ended == raw_line::ending::complete && line && line->seq == head_.edge.size() + 1;
        if (!good) {
            ++found.cut_lines;
            continue;
        }
        const auto hash = hasher.leaf((*raw)->text);
        head_.edge.append(hash);
        found.hashes.append(reinterpret_cast<const char*>(hash.data()), hash.size());
        head_.bytes = (*raw)->end;
    }
    const auto length = segment_->size();
    if (!length) return failed("read", file, length.error());
    if (*length > head_.bytes) {
        if (const auto why = segment_->truncate(head_.bytes))
            return failed("cut the torn tail of", file, why);
        found.cut_bytes += *length - head_.bytes;
    }
    // Whoever wrote them may not have come to it.
    if (head_.bytes > begin)
        if (const auto why = segment_->sync()) return failed("sync", file, why);
    return {};
}

/// Afterwards there is one hash for each record: `known` of them were durable with head; those behind it are
/// made anew. Missing ones are made from the lines, where they are there, and else are zeros, which verify
/// reports.
result<void> log_file::mend_hashes(const folder_content& content, std::uint64_t known,
                                   const std::string& behind) {
    const auto file = folder_ / hashes_name;
    auto opened = files_.open(file, open_mode::append);
    if (!opened) return failed("open", file, opened.error());
    hashes_ = *std::move(opened);
    const auto length = hashes_->size();
    if (!length) return failed("read", file, length.error());
    const auto kept = std::min(*length / hash_bytes, known);
    if (*length == known * hash_bytes && behind.empty()) return {};

    std::string missing((known - kept) * hash_bytes, '\0');
    tree_hasher hasher;
    for (const auto first : content.segments) {
        if (missing.empty() || first > known) break;
        auto segment = files_.open(folder_ / segment_name(first), open_mode::read);
        if (!segment) return failed("open", folder_ / segment_name(first), segment.error());
        line_reader lines(**segment);
        for (auto raw = lines.next(); raw && *raw; raw = lines.next()) {
            const auto line = read_line((*raw)->text);
            if (!line || line->seq <= kept || line->seq > known) continue;
            const auto hash = hasher.leaf((*raw)->text);
            std::ranges::copy(
                hash, missing.begin() + static_cast<std::ptrdiff_t>((line->seq - 1 - kept) * hash_bytes));
        }
    }
    if (const auto why = hashes_->truncate(kept * hash_bytes)) return failed("mend", file, why);
    if (const auto why = hashes_->append(missing + behind)) return failed("mend", file, why);
    return {};
}

result<void> log_file::note_old_log(const folder_content& content, wall_time now) {
    const auto there = [&](std::string_view name) {
        return std::ranges::find(content.others, name) != content.others.end();
    };
    if (!there(old_log_name)) return {};
    const auto hash = sha256_of(files_, folder_ / old_log_name);
    if (!hash) return failed("read", folder_ / old_log_name, hash.error());
    old_log_to_ = fmt::format("{}.old", old_log_name);
    for (int number = 2; there(old_log_to_); ++number)
        old_log_to_ = fmt::format("{}.old-{}", old_log_name, number);
    findings_.push_back({.at = now,
                         .event = std::string(event_old_log),
                         .attributes = {{"file", old_log_to_}, {"sha256", to_hex(*hash)}}});
    return {};
}

}  // namespace garde::journal
