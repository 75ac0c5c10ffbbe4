// See log_checker.hpp.
#include "log_checker.hpp"

#include "log_folder.hpp"
#include "own_events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace garde::journal {
namespace {

constexpr std::size_t max_problems = 1000;

/// "record 12 was" or "records 12 to 14 were", depending on the verb's two forms.
std::string records_from_to(std::uint64_t first, std::uint64_t last, std::string_view one,
                            std::string_view many) {
    return first == last ? fmt::format("record {} {}", first, one)
                         : fmt::format("records {} to {} {}", first, last, many);
}

std::string inserted(std::uint64_t seq, std::string_view where) {
    return fmt::format("record {} stands {}: a line was inserted, copied or moved here", seq, where);
}

}  // namespace

log_checker::log_checker(facts known, on_judged then) : known_(std::move(known)), then_(std::move(then)) {
    // Those that retention removed; finish() asks whether the log says so.
    advance_to(known_.first_seq, nullptr);
    out_.records_removed = known_.first_seq - 1;
    last_.file = segment_name(known_.first_seq);
}

/// The tree then goes up to before that record. `own` stands in for a hash that is not there.
void log_checker::advance_to(std::uint64_t seq, const digest256* own) {
    while (expected() < seq) {
        const auto hash = known_.hash_at(edge_.size());
        edge_.append(hash ? *hash : own != nullptr ? *own : digest256{});
        if (known_.head && edge_.size() == known_.head->size) root_at_head_ = edge_.root();
        if (known_.checkpoint && edge_.size() == known_.checkpoint->size) root_at_checkpoint_ = edge_.root();
    }
}

/// Whether it is, unchanged, the record of that number.
bool log_checker::is(const checked_line& line, std::uint64_t seq) const {
    if (!line.what || line.what->seq != seq) return false;
    const auto hash = known_.hash_at(seq - 1);
    return !hash || *hash == line.hash;
}

void log_checker::add(checked_line line) {
    judge_held(&line);
    last_ = line.place;
    held_.emplace(std::move(line));
}

void log_checker::add_unfinished(const line_place& where) {
    judge_held(nullptr);
    if (known_.head && edge_.size() >= known_.head->size) return;
    last_ = where;
    report(where, "the last line is incomplete");
}

void log_checker::judge_held(const checked_line* next) {
    if (!held_) return;
    const auto found = judge(*held_, next);
    if (found == verdict::in_place) judge_findings(*held_);
    then_(*held_, found);
    held_.reset();
}

log_checker::verdict log_checker::judge(const checked_line& line, const checked_line* next) {
    if (line.what) ++out_.records;
    const auto seq = expected();
    if (is(line, seq)) {
        advance_to(seq + 1, &line.hash);
        if (swapped_ == expected()) {
            advance_to(expected() + 1, nullptr);
            swapped_.reset();
        }
        return verdict::in_place;
    }
    if (line.what && known_.hash_at(line.what->seq - 1) && is(line, line.what->seq))
        return judge_moved(line, next);
    judge_foreign(line, next);
    return verdict::not_so;
}

/// It is a record of this log, but not the one that should stand here.
log_checker::verdict log_checker::judge_moved(const checked_line& line, const checked_line* next) {
    const auto seq = line.what->seq;
    const auto due = expected();
    if (seq < due) {
        report(line.place, inserted(seq, fmt::format("after record {}", due - 1)));
        return verdict::not_so;
    }
    if (next != nullptr && is(*next, due)) {
        if (seq == due + 1) {
            report(line.place, fmt::format("records {} and {} were swapped", due, seq));
            swapped_ = seq;
        } else {
            report(line.place, inserted(seq, fmt::format("between records {} and {}", due - 1, due)));
        }
        return verdict::not_so;
    }
    const auto gap = records_from_to(due, seq - 1, "is missing", "are missing");
    report(line.place, due == 1 ? fmt::format("{} (the log begins with {})", gap, seq)
                                : fmt::format("{} ({} is followed by {})", gap, due - 1, seq));
    advance_to(seq + 1, &line.hash);
    return verdict::in_place;
}

/// It is not of this log: either it was put between two of its lines, or in the place of one.
void log_checker::judge_foreign(const checked_line& line, const checked_line* next) {
    const auto due = expected();
    const bool between = next != nullptr && is(*next, due);
    if (!line.what)
        report(line.place, fmt::format("this is no record: {}", line.what.error().message));
    else if (between)
        report(line.place, fmt::format("a line that is not of this log was inserted (it says record {})",
                                       line.what->seq));
    else if (due > std::max(known_.hashes, known_.head ? known_.head->size : 0))
        report(line.place, fmt::format("record {} stands behind record {}: it does not go on from there",
                                       line.what->seq, due - 1));
    else
        report(line.place,
               fmt::format("record {} was edited: it is not what its leaf hash was made of", due));
    if (!between && due <= known_.hashes) advance_to(due + 1, &line.hash);
}

void log_checker::judge_findings(const checked_line& line) {
    const auto& what = *line.what;
    const auto found = what.number("found-seq");
    if (what.event == event_head_missing) {
        report(line.place,
               fmt::format("{} was missing when the log was opened at {}: whether records after {} are "
                           "missing is not known",
                           head_name, what.at, found));
    } else if (what.event == event_truncated_found) {
        report(line.place, fmt::format("{} when the log was opened at {}",
                                       records_from_to(found + 1, what.number("expected-seq"), "was missing",
                                                       "were missing"),
                                       what.at));
    } else if (what.event == event_segments_removed) {
        removed_through_ = std::max(removed_through_, what.number("through-seq"));
    }
}

verification log_checker::finish() && {
    judge_end();
    judge_roots();
    out_.head = edge_.head();
    return std::move(out_);
}

void log_checker::judge_end() {
    const auto end = edge_.size();
    if (known_.first_seq > removed_through_ + 1)
        report_text(fmt::format(
            "{}: {}, and no record says that they were removed", segment_name(known_.first_seq),
            records_from_to(removed_through_ + 1, known_.first_seq - 1, "is missing", "are missing")));
    if (!known_.head) {
        if (end > 0)
            report_text(fmt::format(
                "{}: missing or unreadable: whether the log's end is there cannot be told", head_name));
    } else if (known_.head->size > end) {
        report(last_, fmt::format("truncated: {} names record {}, the log ends at {}", head_name,
                                  known_.head->size, end));
    } else if (known_.hashes < known_.head->size) {
        report_text(fmt::format("{}: truncated: it ends at record {}, {} names record {}", hashes_name,
                                known_.hashes, head_name, known_.head->size));
    }
    if (known_.hashes > end && (!known_.head || known_.head->size <= end))
        report(last_, fmt::format("truncated: {} goes to record {}, the log ends at {}", hashes_name,
                                  known_.hashes, end));
    // What is missing at the end still belongs to the tree.
    advance_to(std::max(known_.hashes, end) + 1, nullptr);
}

void log_checker::judge_roots() {
    if (known_.head && root_at_head_ && *root_at_head_ != known_.head->root)
        report_text(
            fmt::format("{}: the root of {} records is not that of {}: records were changed together with "
                        "their hashes",
                        head_name, known_.head->size, hashes_name));
    if (!known_.checkpoint || known_.checkpoint->size == 0) return;
    const auto& kept = *known_.checkpoint;
    if (kept.size > edge_.size())
        report_text(fmt::format("rolled back or truncated: the checkpoint is of {} records, this log has {}",
                                kept.size, edge_.size()));
    else if (root_at_checkpoint_ && *root_at_checkpoint_ != kept.root)
        report_text(
            fmt::format("fork: this log and the checkpoint's are not the same: the first {} of its {} "
                        "records have the root {}, by the checkpoint it is {}",
                        kept.size, edge_.size(), to_hex(*root_at_checkpoint_), to_hex(kept.root)));
}

void log_checker::report(const line_place& where, std::string_view what) {
    report_text(fmt::format("{}:{}: {}", where.file, where.number, what));
}

void log_checker::report_text(std::string text) {
    if (out_.problems.size() < max_problems) {
        out_.problems.push_back(std::move(text));
    } else if (out_.problems.size() == max_problems) {
        out_.problems.push_back(
            fmt::format("more than {} problems; further ones are not listed", max_problems));
    }
}

}  // namespace garde::journal
