// See chain_checker.hpp.
#include "chain_checker.hpp"

#include "log_file.hpp"

#include <fmt/format.h>

#include <charconv>

namespace garde::journal {
namespace {

constexpr std::size_t max_problems = 1000;

/// "record 12 was" or "records 12 to 14 were", depending on the verb's two forms.
std::string records_from_to(std::uint64_t first, std::uint64_t last, std::string_view one,
                            std::string_view many) {
    return first == last ? fmt::format("record {} {}", first, one)
                         : fmt::format("records {} to {} {}", first, last, many);
}

std::uint64_t number_attribute(const chain_line& line, std::string_view name) {
    const auto text = line.attribute(name);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

void chain_checker::add(std::uint64_t line_number, result<chain_line> line) {
    judge_held(line ? &*line : nullptr);
    last_number_ = line_number;
    held_.emplace(line_number, std::move(line));
}

void chain_checker::add_unfinished(std::uint64_t line_number) {
    judge_held(nullptr);
    if (head_ && last_.seq >= head_->seq) return;
    last_number_ = line_number;
    report(line_number, "the last line is incomplete");
}

verification chain_checker::finish() && {
    judge_held(nullptr);
    judge_head();
    out_.last_hash = last_.hash;
    return std::move(out_);
}

void chain_checker::judge_held(const chain_line* next) {
    if (!held_) return;
    judge(*held_, next);
    held_.reset();
}

void chain_checker::judge(const numbered& current, const chain_line* next) {
    if (!current.line) {
        report(current.number, fmt::format("this is no record: {}", current.line.error().message));
        ++unreadable_;
        return;
    }
    auto line = *current.line;
    ++out_.records;
    if (line.content == chain_line::content::edited) {
        // Where the line stands tells its number better than what it says of itself.
        if (line.prev == last_.hash) line.seq = last_.seq + 1;
        report(current.number,
               fmt::format("record {} was edited: its hash does not match its content", line.seq));
        if (line.seq != last_.seq + 1 && swapped_ != line.seq) {
            ++unreadable_;
            return;
        }
    }
    if (head_ && line.seq == head_->seq && hash_at_head_ != head_->hash) hash_at_head_ = line.hash;
    judge_findings(current.number, line);
    judge_order(current.number, line, next);
}

void chain_checker::judge_order(std::uint64_t number, const chain_line& line, const chain_line* next) {
    const auto expected = last_.seq + 1;
    if (swapped_ == line.seq) {
        swapped_.reset();
        return;
    }
    if (line.seq < expected) {
        report(number,
               fmt::format("record {} stands after record {}: a line was inserted, copied or moved here",
                           line.seq, last_.seq));
        return;
    }
    const bool next_is_due = next != nullptr && next->seq == expected && next->prev == last_.hash;
    if (line.seq > expected && next_is_due && (line.seq > expected + 1 || line.prev != next->hash)) {
        report(number,
               fmt::format(
                   "record {} stands between records {} and {}: a line was inserted, copied or moved here",
                   line.seq, last_.seq, expected));
        return;
    }
    if (line.seq == expected + 1 && next_is_due) {
        report(number, fmt::format("records {} and {} were swapped", expected, line.seq));
        swapped_ = expected;
    } else if (line.seq > expected + unreadable_) {
        report(number, gap_text(line.seq));
    } else if (line.seq == expected && line.prev != last_.hash) {
        report(number, last_.seq == 0
                           ? std::string("record 1 does not begin a log: its prev is not all zeros")
                           : fmt::format("record {} does not continue record {}: one of them was replaced",
                                         line.seq, last_.seq));
    }
    last_ = {line.seq, line.hash};
    unreadable_ = 0;
}

std::string chain_checker::gap_text(std::uint64_t found) const {
    const auto first = last_.seq + 1;
    if (unreadable_ > 0)
        return fmt::format("{} of the records {} to {} are missing", found - first - unreadable_, first,
                           found - 1);
    const auto gap = records_from_to(first, found - 1, "is missing", "are missing");
    return last_.seq == 0 ? fmt::format("{} (the log begins with {})", gap, found)
                          : fmt::format("{} ({} is followed by {})", gap, last_.seq, found);
}

void chain_checker::judge_findings(std::uint64_t number, const chain_line& line) {
    if (line.event == event_head_missing) {
        report(number,
               fmt::format(
                   "journal.head was missing when the log was opened at {}: whether records after {} are "
                   "missing is not known",
                   line.at, number_attribute(line, "found-seq")));
    } else if (line.event == event_truncated_found) {
        const auto expected = number_attribute(line, "expected-seq");
        const auto found = number_attribute(line, "found-seq");
        report(number,
               found < expected
                   ? fmt::format("{} when the log was opened at {}",
                                 records_from_to(found + 1, expected, "was missing", "were missing"), line.at)
                   : fmt::format(
                         "record {} was not the one that journal.head named when the log was opened at {}",
                         expected, line.at));
    }
}

void chain_checker::judge_head() {
    if (!head_) {
        if (last_number_ > 0)
            report_text("journal.head: missing or unreadable: whether the log's end is there cannot be told");
    } else if (head_->seq > last_.seq) {
        report(last_number_, fmt::format("truncated: journal.head names record {}, the log ends at {}",
                                         head_->seq, last_.seq));
    } else if (hash_at_head_ && *hash_at_head_ != head_->hash) {
        report_text(
            fmt::format("journal.head: it names record {} with another hash than the log has", head_->seq));
    }
}

void chain_checker::report(std::uint64_t line_number, std::string_view what) {
    report_text(fmt::format("{}:{}: {}", log_name, line_number, what));
}

void chain_checker::report_text(std::string text) {
    if (out_.problems.size() < max_problems) {
        out_.problems.push_back(std::move(text));
    } else if (out_.problems.size() == max_problems) {
        out_.problems.push_back(
            fmt::format("more than {} problems; further ones are not listed", max_problems));
    }
}

}  // namespace garde::journal
