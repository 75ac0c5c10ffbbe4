// The events that the journal writes about itself.
#pragma once

#include <string_view>

namespace garde::journal {

/// A write that was cut off was taken away at the start: `bytes`, `lines`.
inline constexpr std::string_view event_tail_cut = "tail-cut";
/// Records that `head` names were not there at the start: `expected-seq`, `found-seq`. verify() keeps
/// reporting it.
inline constexpr std::string_view event_truncated_found = "truncated-found";
/// There were records, but no `head`: `found-seq`. verify() keeps reporting it.
inline constexpr std::string_view event_head_missing = "head-missing";
/// The full queue refused records while the disk failed: `count`.
inline constexpr std::string_view event_lost = "lost";
/// Records waited for a disk that failed or hung: `count`, `longest-ms`.
inline constexpr std::string_view event_written_late = "written-late";
/// A log of the former form was renamed: `file`, `sha256`.
inline constexpr std::string_view event_old_log = "old-log-set-aside";
/// Whole segments are about to be removed: `through-seq`, `segments`.
inline constexpr std::string_view event_segments_removed = "segments-removed";
/// Personal values of records before a time are about to be erased: `before`, `by`, `reason`.
inline constexpr std::string_view event_names_erased = "names-erased";

}  // namespace garde::journal
