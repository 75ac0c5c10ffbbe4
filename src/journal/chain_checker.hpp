// Finds what was done to a log: fed with its lines in order, it lists edited, missing, inserted, moved and
// unreadable ones. Pure, and holds one line at a time: the last one, until it has seen the next.
#pragma once

#include "chain.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace garde::journal {

class chain_checker {
  public:
    /// `head` is what journal.head names; nothing when it is missing or unreadable.
    explicit chain_checker(std::optional<link> head) : head_(std::move(head)) {}

    void add(std::uint64_t line_number, result<chain_line> line);

    /// The last line, when its LF is missing. Behind the head's record that is a write that was cut off or is
    /// going on.
    void add_unfinished(std::uint64_t line_number);

    /// After the last line.
    verification finish() &&;

  private:
    struct numbered {
        std::uint64_t number;
        result<chain_line> line;
    };

    void judge(const numbered& current, const chain_line* next);
    void judge_order(std::uint64_t number, const chain_line& line, const chain_line* next);
    void judge_findings(std::uint64_t number, const chain_line& line);
    [[nodiscard]] std::string gap_text(std::uint64_t found) const;
    void judge_held(const chain_line* next);
    void judge_head();
    void report(std::uint64_t line_number, std::string_view what);
    void report_text(std::string text);

    std::optional<link> head_;
    std::optional<numbered> held_;
    verification out_;
    link last_;                             ///< of the line with the highest number that was in order
    std::uint64_t last_number_ = 0;         ///< number of the last line, however bad
    std::uint64_t unreadable_ = 0;          ///< lines since last_
    std::optional<std::uint64_t> swapped_;  ///< already reported as swapped with the record before it
    std::optional<std::string> hash_at_head_;
};

}  // namespace garde::journal
