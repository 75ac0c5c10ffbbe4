// The log on disk: what is found and repaired when it is opened, and how groups of records become durable.
// One thread at a time; knows no queue.
//
// A group is committed in this order: lines into journal.jsonl, fdatasync; journal.head.tmp, fsync; rename to
// journal.head; fsync of the folder. Only then is a record durable. So after a power cut the head never names
// a record that is not there, and lines behind the head's record are the ones that may be torn.
#pragma once

#include "chain.hpp"
#include "file_layer.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace garde::journal {

inline constexpr std::string_view log_name = "journal.jsonl";
inline constexpr std::string_view head_name = "journal.head";

/// What opening may record. `verify` makes problems of the last two.
inline constexpr std::string_view event_tail_cut = "tail-cut";
inline constexpr std::string_view event_truncated_found = "truncated-found";
inline constexpr std::string_view event_head_missing = "head-missing";

/// Nothing when there is no head or it cannot be read as one.
io_result<std::optional<link>> load_head(file_layer& files, const std::filesystem::path& folder);

class log_file {
  public:
    /// Makes the folder when missing, takes its lock, cuts a torn tail. The first commit should begin with
    /// findings().
    static result<std::unique_ptr<log_file>> open(file_layer& files, std::filesystem::path folder,
                                                  wall_time now);

    /// What opening found wrong, to be recorded before anything else.
    [[nodiscard]] const std::vector<record>& findings() const { return findings_; }

    /// Makes all records durable, or fails. After a failure call it again with the same records: it goes on
    /// where it failed, and never leaves a part of a line before the next try's lines.
    std::error_code commit(std::span<const record> group);

    [[nodiscard]] const link& last() const { return last_; }

  private:
    log_file(file_layer& files, std::filesystem::path folder) : files_(files), folder_(std::move(folder)) {}

    result<void> recover(wall_time now);
    std::error_code write_lines(std::span<const record> group);
    std::error_code write_head();

    enum class stage : std::uint8_t {
        lines,  ///< the group's lines are not durable yet
        head,   ///< the lines are, the head is not
    };
    enum class tail : std::uint8_t {
        clean,    ///< the file ends with the last line
        unknown,  ///< a failed write may have left something behind it
    };

    file_layer& files_;
    const std::filesystem::path folder_;
    std::unique_ptr<folder_lock> lock_;
    std::unique_ptr<open_file> log_;
    std::vector<record> findings_;
    link last_;
    std::uint64_t length_ = 0;  ///< of the log up to the last line
    stage stage_ = stage::lines;
    tail tail_ = tail::clean;
};

}  // namespace garde::journal
