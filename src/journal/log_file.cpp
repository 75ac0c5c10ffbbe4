// See log_file.hpp. What happens at the start is in recovery.cpp.
#include "log_file.hpp"

#include "garde/base/hash.hpp"

#include "line_reader.hpp"
#include "log_folder.hpp"
#include "own_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace garde::journal {
namespace {

std::string_view attribute(const record& of, std::string_view name) {
    for (const auto& [key, value] : of.attributes)
        if (key == name) return value;
    return {};
}

std::string fresh_salt() {
    return random_bytes(salt_bytes);
}

void append_hash(std::string& to, const digest256& hash) {
    to.append(reinterpret_cast<const char*>(hash.data()), hash.size());
}

}  // namespace

record names_erased_record(wall_time now, wall_time before, std::string by, std::string reason) {
    return {.at = now,
            .event = std::string(event_names_erased),
            .attributes = {{"before", to_rfc3339_ns(begin_of_epoch(epoch_of(before)))},
                           {"by", std::move(by)},
                           {"reason", std::move(reason)}}};
}

std::error_code log_file::commit(std::span<const record> group) {
    if (group.empty()) return {};
    if (!going_) {
        going_ = prepare(group);
        stage_ = stage::values;
    }
    if (stage_ == stage::values) {
        if (const auto why = write_values()) return why;
        stage_ = stage::lines;
    }
    if (stage_ == stage::lines) {
        if (const auto why = write_lines()) return why;
        stage_ = stage::hashes;
    }
    if (stage_ == stage::hashes) {
        if (const auto why = write_hashes()) return why;
        stage_ = stage::head;
    }
    if (const auto why = write_head(going_->after)) return why;
    head_ = std::move(going_->after);
    if (going_->removed_through) removed_through_ = *going_->removed_through;
    going_.reset();
    return {};
}

log_file::prepared log_file::prepare(std::span<const record> group) const {
    prepared out;
    out.after = head_;
    out.first_seq = head_.edge.size() + 1;
    tree_hasher hasher;
    for (const auto& what : group) {
        const auto seq = out.after.edge.size() + 1;
        auto line = make_line(seq, what, fresh_salt);
        const auto hash = hasher.leaf(line.text);
        out.after.edge.append(hash);
        append_hash(out.hashes, hash);
        out.lines.append(line.text).push_back('\n');
        const auto epoch = epoch_of(what.at);
        out.epoch = std::max(out.epoch, epoch);
        if (!line.hidden.empty()) out.values.push_back({seq, epoch, std::move(line.hidden)});
        if (what.event == event_names_erased)
            if (const auto before = parse_rfc3339(attribute(what, "before")))
                out.after.names_from = std::max(out.after.names_from, epoch_of(*before));
        if (what.event == event_segments_removed) {
            const auto through = attribute(what, "through-seq");
            out.removed_through.emplace(0);
            std::from_chars(through.data(), through.data() + through.size(), *out.removed_through);
        }
    }
    // A clock that was set back must not bring back what was erased.
    std::erase_if(out.values, [&](const auto& one) { return one.epoch < head_.names_from; });
    return out;
}

std::error_code log_file::write_values() {
    return going_->values.empty() ? std::error_code{} : names_->append(going_->values);
}

std::error_code log_file::begin_segment() {
    auto file = files_.open(folder_ / segment_name(going_->first_seq), open_mode::append);
    if (!file) return file.error();
    segment_ = *std::move(file);
    segment_epoch_ = going_->epoch;
    segment_tail_ = tail::unknown;
    head_.segment = going_->first_seq;
    head_.bytes = 0;
    return {};
}

std::error_code log_file::write_lines() {
    const bool full = head_.bytes >= limits_.segment_bytes || going_->epoch > segment_epoch_;
    if (!segment_ || (full && head_.bytes > 0))
        if (const auto why = begin_segment()) return why;
    if (segment_tail_ == tail::unknown)
        if (const auto why = segment_->truncate(head_.bytes)) return why;
    segment_tail_ = tail::unknown;
    if (const auto why = segment_->append(going_->lines)) return why;
    if (const auto why = segment_->sync()) return why;
    // A head that names the new segment must not be there before its name is.
    if (head_.bytes == 0)
        if (const auto why = files_.sync_folder(folder_)) return why;
    segment_tail_ = tail::clean;
    head_.bytes += going_->lines.size();
    going_->after.segment = head_.segment;
    going_->after.bytes = head_.bytes;
    return {};
}

std::error_code log_file::write_hashes() {
    if (hashes_tail_ == tail::unknown)
        if (const auto why = hashes_->truncate(head_.edge.size() * digest256{}.size())) return why;
    hashes_tail_ = tail::unknown;
    if (const auto why = hashes_->append(going_->hashes)) return why;
    if (const auto why = hashes_->sync()) return why;
    hashes_tail_ = tail::clean;
    return {};
}

std::error_code log_file::write_head(const log_head& what) {
    if (const auto why = replace_file(files_, folder_ / head_name, make_head(what))) return why;
    return files_.sync_folder(folder_);
}

io_result<std::vector<record>> log_file::due(wall_time now) const {
    std::vector<record> out;
    if (limits_.keep_names_for.count() > 0) {
        const auto before = now - limits_.keep_names_for;
        const auto old = names_->has_before(epoch_of(before));
        if (!old) return std::unexpected(old.error());
        if (*old)
            out.push_back(names_erased_record(now, before, "garde", "[journal] keep_names_for is over"));
    }
    const auto content = list_folder(files_, folder_);
    if (!content) return std::unexpected(content.error());
    const auto& segments = content->segments;
    std::size_t remove = 0;
    while (remove + 1 < segments.size()) {
        bool over = limits_.keep_segments > 0 && segments.size() - remove > limits_.keep_segments;
        if (!over && limits_.keep_for.count() > 0) {
            // All of it is older than what the next one begins with.
            const auto next = time_of_first_record(files_, folder_ / segment_name(segments[remove + 1]));
            if (!next) return std::unexpected(next.error());
            over = *next && **next < now - limits_.keep_for;
        }
        if (!over) break;
        ++remove;
    }
    if (remove > 0)
        out.push_back({.at = now,
                       .event = std::string(event_segments_removed),
                       .attributes = {{"through-seq", std::to_string(segments[remove] - 1)},
                                      {"segments", std::to_string(remove)}}});
    return out;
}

std::error_code log_file::tidy() {
    if (!old_log_to_.empty())
        if (const auto why = set_old_log_aside()) return why;
    if (names_erased_to_ < head_.names_from) {
        if (const auto why = names_->erase_before(head_.names_from)) return why;
        names_erased_to_ = head_.names_from;
    }
    return remove_segments();
}

/// The oldest first: what is left over after a power cut is still one piece.
std::error_code log_file::remove_segments() {
    if (removed_through_ == 0) return {};
    const auto content = list_folder(files_, folder_);
    if (!content) return content.error();
    const auto& segments = content->segments;
    for (std::size_t i = 0; i + 1 < segments.size() && segments[i + 1] - 1 <= removed_through_; ++i) {
        if (const auto why = files_.remove(folder_ / segment_name(segments[i]))) return why;
        if (const auto why = files_.sync_folder(folder_)) return why;
    }
    removed_through_ = 0;
    return {};
}

/// Its record is durable by now. A head without its log says nothing.
std::error_code log_file::set_old_log_aside() {
    if (const auto why = files_.remove(folder_ / old_head_name)) return why;
    if (const auto why = files_.rename(folder_ / old_log_name, folder_ / old_log_to_)) return why;
    if (const auto why = files_.sync_folder(folder_)) return why;
    old_log_to_.clear();
    return {};
}

}  // namespace garde::journal
