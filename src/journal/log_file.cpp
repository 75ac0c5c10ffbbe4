// See log_file.hpp.
#include "log_file.hpp"

#include "line_reader.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace garde::journal {
namespace {

namespace fs = std::filesystem;

std::unexpected<error> failed(std::string_view what, const fs::path& where, std::error_code why) {
    return fail(fmt::format("cannot {} {}: {}", what, where.string(), why.message()));
}

/// Makes the folder and those above it; each new name is synced into the folder that holds it.
result<void> make_folders(file_layer& files, const fs::path& folder) {
    const auto parent = folder.parent_path();
    auto made = files.make_folder(folder);
    if (!made && made.error() == std::errc::no_such_file_or_directory && !parent.empty() &&
        parent != folder) {
        if (auto above = make_folders(files, parent); !above) return above;
        made = files.make_folder(folder);
    }
    if (!made) return failed("make the folder", folder, made.error());
    if (*made == folder_state::was_there) return {};
    if (const auto why = files.sync_folder(parent.empty() ? fs::path(".") : parent))
        return failed("sync", parent, why);
    return {};
}

/// What reading the log from its beginning to its last good line gave.
struct scan {
    link last;                 ///< of the last good line
    std::uint64_t length = 0;  ///< up to its end
    std::string hash_at_head;  ///< of the record that the head names; empty when it is not there
};

/// Lines up to the head's record were durable once: a bad one among them is damage, and stays for `verify` to
/// show. Behind it, and at the very end, a bad line is a write that was cut off: the good part ends before
/// it.
io_result<scan> scan_log(open_file& log, const std::optional<link>& head) {
    scan out;
    line_reader lines(log);
    for (;;) {
        const auto raw = lines.next();
        if (!raw) return std::unexpected(raw.error());
        if (!*raw || (*raw)->ended == raw_line::ending::missing) return out;
        const auto line = read_line((*raw)->text);
        const bool behind_head = head && out.last.seq >= head->seq;
        if (behind_head && !(line && continues(out.last, *line))) return out;
        if (!line) continue;
        if (head && line->seq == head->seq) out.hash_at_head = line->hash;
        out.last = {line->seq, line->hash};
        out.length = (*raw)->end;
    }
}

}  // namespace

io_result<std::optional<link>> load_head(file_layer& files, const fs::path& folder) {
    constexpr std::size_t max_head_bytes = 256;
    auto file = files.open(folder / head_name, open_mode::read);
    if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
    if (!file) return std::unexpected(file.error());
    std::string text(max_head_bytes, '\0');
    const auto got = (*file)->read_at(0, text);
    if (!got) return std::unexpected(got.error());
    text.resize(*got);
    auto head = read_head(text);
    if (!head) return std::nullopt;
    return *std::move(head);
}

result<std::unique_ptr<log_file>> log_file::open(file_layer& files, fs::path folder, wall_time now) {
    // A trailing slash would make the folder its own parent.
    if (!folder.has_filename()) folder = folder.parent_path();
    std::unique_ptr<log_file> out(new log_file(files, std::move(folder)));
    if (auto made = make_folders(files, out->folder_); !made) return std::unexpected(made.error());
    auto lock = files.lock(out->folder_ / "journal.lock");
    if (!lock) return std::unexpected(lock.error());
    out->lock_ = *std::move(lock);
    if (auto recovered = out->recover(now); !recovered) return std::unexpected(recovered.error());
    return out;
}

result<void> log_file::recover(wall_time now) {
    const auto file = folder_ / log_name;
    const auto head = load_head(files_, folder_);
    if (!head) return failed("read", folder_ / head_name, head.error());
    auto log = files_.open(file, open_mode::append);
    if (!log) return failed("open", file, log.error());
    log_ = *std::move(log);
    const auto found = scan_log(*log_, *head);
    if (!found) return failed("read", file, found.error());
    const auto size = log_->size();
    if (!size) return failed("read", file, size.error());
    last_ = found->last;
    length_ = found->length;

    if (*size > length_) {
        if (const auto why = log_->truncate(length_)) return failed("cut the torn tail of", file, why);
        findings_.push_back({now, std::string(event_tail_cut), {{"bytes", std::to_string(*size - length_)}}});
    }
    const auto seq = std::to_string(last_.seq);
    if (!*head && last_.seq > 0) {
        findings_.push_back({now, std::string(event_head_missing), {{"found-seq", seq}}});
    } else if (*head && (*head)->seq > 0 && found->hash_at_head != (*head)->hash) {
        findings_.push_back({now,
                             std::string(event_truncated_found),
                             {{"expected-seq", std::to_string((*head)->seq)},
                              {"found-seq", seq},
                              {"expected-hash", (*head)->hash},
                              {"found-hash", found->hash_at_head}}});
    }
    // A new log gets its head before its first record, so that a head that is missing later means something.
    if (!*head && last_.seq == 0)
        if (const auto why = write_head()) return failed("write", folder_ / head_name, why);
    return {};
}

std::error_code log_file::commit(std::span<const record> group) {
    if (stage_ == stage::lines) {
        if (const auto why = write_lines(group)) return why;
        stage_ = stage::head;
    }
    if (const auto why = write_head()) return why;
    stage_ = stage::lines;
    return {};
}

std::error_code log_file::write_lines(std::span<const record> group) {
    if (tail_ == tail::unknown)
        if (const auto why = log_->truncate(length_)) return why;
    std::string text;
    link next = last_;
    for (const auto& what : group) {
        auto line = make_line(next, what);
        text.append(line.text).push_back('\n');
        next = std::move(line.now);
    }
    tail_ = tail::unknown;
    if (const auto why = log_->append(text)) return why;
    if (const auto why = log_->sync()) return why;
    tail_ = tail::clean;
    length_ += text.size();
    last_ = std::move(next);
    return {};
}

std::error_code log_file::write_head() {
    const auto temporary = folder_ / "journal.head.tmp";
    {
        auto file = files_.open(temporary, open_mode::replace);
        if (!file) return file.error();
        if (const auto why = (*file)->append(make_head(last_))) return why;
        if (const auto why = (*file)->sync()) return why;
    }
    if (const auto why = files_.rename(temporary, folder_ / head_name)) return why;
    return files_.sync_folder(folder_);
}

}  // namespace garde::journal
