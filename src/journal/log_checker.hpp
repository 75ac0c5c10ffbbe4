// Finds what was done to a log: fed with its lines in order, it compares them with the leaf hashes that were
// written beside them, and lists edited, missing, inserted, moved and unreadable ones; the tree over those
// hashes must have the root that `head`, and a checkpoint that was kept elsewhere, name. Pure, and holds one
// line at a time: the last one, until it has seen the next.
#pragma once

#include "garde/journal/reading.hpp"

#include "merkle_tree.hpp"
#include "record_line.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace garde::journal {

/// Where a line stands.
struct line_place {
    std::string file;
    std::uint64_t number = 0;
};

struct checked_line {
    line_place place;
    digest256 hash{};  ///< of the leaf
    result<read_record> what;
};

class log_checker {
  public:
    struct facts {
        std::optional<tree_head> head;  ///< nothing when it is missing or unreadable
        /// What was written beside the record of that index; nothing behind the last one.
        std::function<std::optional<digest256>(std::uint64_t index)> hash_at;
        std::uint64_t hashes = 0;
        std::uint64_t first_seq = 1;  ///< of the first segment that is there
        std::optional<tree_head> checkpoint;
    };
    enum class verdict : std::uint8_t {
        in_place,  ///< the record that belongs there
        not_so,
    };
    /// What is to be done with each line that is judged; `line` is a record when it is in place.
    using on_judged = std::function<void(const checked_line& line, verdict is)>;

    log_checker(facts known, on_judged then);

    void add(checked_line line);

    /// The last line, when its LF is missing. Behind head's records that is a write that was cut off or is
    /// going on.
    void add_unfinished(const line_place& where);

    void report(const line_place& where, std::string_view what);
    void report_text(std::string text);

    /// After the last line: it is judged too.
    void end() { judge_held(nullptr); }
    /// After end().
    verification finish() &&;

  private:
    [[nodiscard]] std::uint64_t expected() const { return edge_.size() + 1; }
    [[nodiscard]] bool is(const checked_line& line, std::uint64_t seq) const;
    void advance_to(std::uint64_t seq, const digest256* own);
    void judge_held(const checked_line* next);
    verdict judge(const checked_line& line, const checked_line* next);
    verdict judge_moved(const checked_line& line, const checked_line* next);
    void judge_foreign(const checked_line& line, const checked_line* next);
    void judge_findings(const checked_line& line);
    void judge_end();
    void judge_roots();

    facts known_;
    on_judged then_;
    std::optional<checked_line> held_;
    verification out_;
    frontier edge_;    ///< over the hashes of all records up to the last one that was judged
    line_place last_;  ///< of the last line, however bad
    std::optional<std::uint64_t> swapped_;  ///< already reported as swapped with the record before it
    std::uint64_t removed_through_ = 0;     ///< as the log itself says
    std::optional<digest256> root_at_head_;
    std::optional<digest256> root_at_checkpoint_;
};

}  // namespace garde::journal
