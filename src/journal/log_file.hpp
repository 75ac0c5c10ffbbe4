// The log on disk: what is found and repaired when it is opened, how groups of records become durable, and
// what is removed in its time. One thread at a time; knows no queue. The files: log_folder.hpp.
//
// A group is committed in this order, and only then is a record durable:
//   1. personal values into their volume, fdatasync (a new volume: its key written, fsynced, renamed; the
//   folder
//      fsynced), so that no commitment is ever without its value;
//   2. the lines into the segment, fdatasync (a new segment: the folder fsynced), before anything names them;
//   3. their hashes, fdatasync, so that `head` never names a hash that is not there;
//   4. head.tmp, fsync; rename to head; fsync of the folder, so that no acknowledged record can be cut off
//   unseen.
// After a power cut `head` therefore names only what is there, and what is behind it are the lines that may
// be torn.
#pragma once

#include "garde/journal/journal.hpp"

#include "file_layer.hpp"
#include "head.hpp"
#include "log_folder.hpp"
#include "names_log.hpp"
#include "record_line.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace garde::journal {

struct log_limits {
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;  ///< a segment that has reached it is closed
    std::uint64_t keep_segments = 0;                        ///< with the one in use; 0: all
    std::chrono::seconds keep_for{0};                       ///< 0: for ever
    std::chrono::seconds keep_names_for{0};                 ///< 0: for ever
    std::filesystem::path names_key{};                      ///< empty: names.key in the folder
};

class log_file {
  public:
    /// Makes the folder when missing, takes its lock, cuts a torn tail. The first commit should begin with
    /// findings().
    static result<std::unique_ptr<log_file>> open(file_layer& files, std::filesystem::path folder,
                                                  log_limits limits, wall_time now);

    /// What opening found wrong, to be recorded before anything else.
    [[nodiscard]] const std::vector<record>& findings() const { return findings_; }

    /// Makes all records durable, or fails. After a failure call it again with the same records: it goes on
    /// where it failed, and never leaves a part of a line before the next try's lines.
    std::error_code commit(std::span<const record> group);

    /// What retention has to remove by now, as records to be committed before it is: tidy() removes it then.
    [[nodiscard]] io_result<std::vector<record>> due(wall_time now) const;

    /// Removes what committed records have said is removed. After a failure call it again; until then more is
    /// there than need be.
    std::error_code tidy();

    [[nodiscard]] tree_head head() const { return head_.edge.head(); }

    /// The first record of the file in use: another one when a file was closed.
    [[nodiscard]] std::uint64_t segment() const { return head_.segment; }

  private:
    /// A group on its way: made once, so that every try writes the same.
    struct prepared {
        std::string lines;
        std::string hashes;
        std::vector<record_values> values;
        log_head after;
        std::uint64_t first_seq = 0;
        std::int64_t epoch = 0;  ///< of its latest record
        std::optional<std::uint64_t> removed_through;
    };
    enum class stage : std::uint8_t {
        values,  ///< not durable yet; nor is what follows
        lines,
        hashes,
        head,
    };
    enum class tail : std::uint8_t {
        clean,    ///< the file ends with the last record
        unknown,  ///< a failed write may have left something behind it
    };

    log_file(file_layer& files, std::filesystem::path folder, log_limits limits)
        : files_(files), folder_(std::move(folder)), limits_(std::move(limits)) {}

    // recovery.cpp
    struct found_behind;
    result<void> recover(wall_time now);
    result<void> find_head(const folder_content& content, wall_time now);
    result<void> rebuild_head(const folder_content& content);
    result<void> open_last_segment(const folder_content& content, wall_time now);
    result<void> follow_lines(const folder_content& content, found_behind& found);
    result<void> follow_segment(found_behind& found);
    result<void> mend_hashes(const folder_content& content, std::uint64_t known, const std::string& behind);
    result<void> note_old_log(const folder_content& content, wall_time now);

    // log_file.cpp
    [[nodiscard]] prepared prepare(std::span<const record> group) const;
    std::error_code write_values();
    std::error_code write_lines();
    std::error_code begin_segment();
    std::error_code write_hashes();
    std::error_code write_head(const log_head& what);
    std::error_code set_old_log_aside();
    std::error_code remove_segments();

    file_layer& files_;
    const std::filesystem::path folder_;
    const log_limits limits_;
    std::unique_ptr<folder_lock> lock_;
    std::unique_ptr<open_file> segment_;  ///< the one in use; none before the first record
    std::unique_ptr<open_file> hashes_;
    std::optional<names_log> names_;
    std::vector<record> findings_;
    log_head head_;                   ///< as durable; `bytes` is the length of the segment in use
    std::int64_t segment_epoch_ = 0;  ///< of the first record of the segment in use
    std::optional<prepared> going_;
    stage stage_ = stage::values;
    tail segment_tail_ = tail::clean;
    tail hashes_tail_ = tail::clean;
    std::string old_log_to_;  ///< what the log of the former form is to be called; empty: there is none
    std::int64_t names_erased_to_ = 0;
    std::uint64_t removed_through_ = 0;
};

}  // namespace garde::journal
