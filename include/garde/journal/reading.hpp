// Reading a journal: verification, proofs, and its records in their order. All may run while garde writes, in
// another process too; none changes anything.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/base/result.hpp"
#include "garde/journal/tree_head.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace garde::journal {

struct verify_options {
    /// What the log was once known by, kept elsewhere: whoever can write into the folder can make everything
    /// in it fit, but not this.
    std::optional<tree_head> checkpoint{};
    std::filesystem::path names_key{};  ///< empty: names.key in the folder
};

/// What `garde journal verify` found.
struct verification {
    std::uint64_t records = 0;            ///< that were read
    tree_head head{};                     ///< of all records there ever were, as the log has them now
    std::vector<std::string> problems{};  ///< FILE:LINE: what is wrong; empty when all is well
    std::uint64_t names_opened = 0;       ///< personal values that fit their commitments
    std::uint64_t names_sealed = 0;       ///< that cannot be opened without their key
    std::uint64_t names_erased = 0;
    std::uint64_t records_removed = 0;  ///< by retention; their hashes are there
};

/// Reads the whole log once, in memory bounded by a few lines and the first 1000 problems. Finds edited,
/// deleted, inserted, swapped and truncated lines, records that were missing when the log was opened, and, by
/// a checkpoint, a log that was rolled back or is another one (fork). An unfinished last line behind `head`
/// is no problem. Fails when the files cannot be read. The lines' form: src/journal/record_line.hpp.
result<verification> verify(const std::filesystem::path& folder, const verify_options& options = {});

/// That a record is in the log (RFC 9162, 2.1.3): its leaf is `leaf`, the line without LF.
struct inclusion_proof {
    std::string leaf;
    std::uint64_t seq = 0;  ///< the leaf's index, from 0, is one less
    tree_head in;
    std::vector<digest256> path;
};

/// `size`: of which tree; empty: of all durable records.
result<inclusion_proof> prove(const std::filesystem::path& folder, std::uint64_t seq,
                              std::optional<std::uint64_t> size);

/// Whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2).
[[nodiscard]] bool holds(const inclusion_proof& of);

/// The newest durable record whose line has this text, among those of the segments that may have records of
/// that time, give or take an hour; nothing when there is none.
result<std::optional<std::uint64_t>> find_record(const std::filesystem::path& folder, std::string_view text,
                                                 wall_time around);

/// That the log of `second` records begins with that of `first` (RFC 9162, 2.1.4).
struct consistency_proof {
    tree_head first;
    tree_head second;
    std::vector<digest256> path;
};

result<consistency_proof> prove_consistency(const std::filesystem::path& folder, std::uint64_t first,
                                            std::uint64_t second);

/// A record as people read it: personal values are among the attributes, or `(sealed)` or `(erased)` in their
/// place.
struct shown_record {
    std::uint64_t seq = 0;
    std::string at;  ///< RFC 3339
    std::string event;
    std::string configuration{};
    std::string incident{};
    bool drill = false;
    std::vector<std::pair<std::string, std::string>> attributes{};
};

/// Durable records, from one on. One thread.
class record_reader {
  public:
    /// `names_key` as in verify_options.
    record_reader(const std::filesystem::path& folder, const std::filesystem::path& names_key,
                  std::uint64_t from_seq);
    ~record_reader();
    record_reader(const record_reader&) = delete;
    record_reader& operator=(const record_reader&) = delete;

    /// Nothing when there is none yet; ask again when more may have come. Lines that are no records are left
    /// out: that is for verify() to tell.
    result<std::optional<shown_record>> next();

    /// How many records are durable, as `head` has it.
    result<std::uint64_t> size();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace garde::journal
