// What lies in the journal's folder, by its names. Pure but for the listing.
//
//   log-FIRST.jsonl       a segment: lines of records (record_line.hpp), the first of which has that seq (20
//   digits) hashes                the leaf hash of each record, 32 bytes each, from the very first one on;
//   they stay when a
//                         segment is removed, so that proofs can be made of what is left
//   head                  where the log stands (head.hpp)
//   names-EPOCH-N.jsonl   sealed personal values of records of that time (names_volume.hpp)
//   names-EPOCH-N.key     the key that they are sealed under, wrapped by names.key
//   names.key             made at the first start, unless the configuration names another
//   journal.lock          the number of the process that owns all this
#pragma once

#include "garde/base/clock.hpp"

#include "file_layer.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace garde::journal {

inline constexpr std::string_view head_name = "head";
inline constexpr std::string_view hashes_name = "hashes";
inline constexpr std::string_view lock_name = "journal.lock";
inline constexpr std::string_view names_key_name = "names.key";
/// The log of garde before there was a tree.
inline constexpr std::string_view old_log_name = "journal.jsonl";
inline constexpr std::string_view old_head_name = "journal.head";

std::string segment_name(std::uint64_t first_seq);

/// Thirty days of wall time, counted from 1970: personal values of one epoch are erased together, and a
/// segment never holds records of an epoch behind those of its first.
std::int64_t epoch_of(wall_time at);
wall_time begin_of_epoch(std::int64_t epoch);

/// Values that are sealed under one key. Several for one epoch when names.key was changed meanwhile.
struct volume {
    std::int64_t epoch = 0;
    std::uint32_t number = 0;
    auto operator<=>(const volume&) const = default;

    [[nodiscard]] std::string name() const;  ///< names-EPOCH-N
    [[nodiscard]] std::string key_name() const { return name() + ".key"; }
    [[nodiscard]] std::string values_name() const { return name() + ".jsonl"; }
};

struct folder_content {
    std::vector<std::uint64_t> segments;  ///< their first seqs, rising
    std::vector<volume> volumes;          ///< those that have a key, rising
    std::vector<std::string> others;
};

io_result<folder_content> list_folder(file_layer& files, const std::filesystem::path& folder);

/// For reading; nullptr when there is no such segment: a garde that is running may have removed it since it
/// was listed.
io_result<std::unique_ptr<open_file>> open_listed_segment(file_layer& files,
                                                          const std::filesystem::path& folder,
                                                          std::uint64_t first_seq);

}  // namespace garde::journal
