// See failure_window.hpp.
#include "garde/continuity/failure_window.hpp"

#include <boost/container/static_vector.hpp>

#include <algorithm>

namespace garde::continuity {
namespace {

/// Different callers, counted as they come.
class distinct {
  public:
    void add(std::uint64_t caller) {
        if (std::ranges::find(seen_, caller) == seen_.end()) seen_.push_back(caller);
    }
    [[nodiscard]] std::size_t count() const { return seen_.size(); }

  private:
    boost::container::static_vector<std::uint64_t, failure_window::most_entries> seen_;
};

}  // namespace

std::int64_t failure_window::slice_of(steady_time now) const {
    const auto length = std::max<milliseconds>(span_ / slices, milliseconds(1));
    return now.time_since_epoch() / length;
}

failure_window::slice& failure_window::slice_at(steady_time now) {
    const std::int64_t number = slice_of(now);
    slice& at = counted_[static_cast<std::size_t>(number) % slices];
    if (at.number != number) at = {.number = number};
    return at;
}

void failure_window::adopt(milliseconds span) {
    if (span == span_) return;
    span_ = span;
    clear();
}

void failure_window::answered(steady_time now, std::uint64_t count) {
    slice_at(now).answered += count;
}

bool failure_window::enter(steady_time now, const sighting& what) {
    std::erase_if(entries_, [&](const entry& one) { return !recent(one, now); });
    std::size_t of_caller = 0;
    for (const entry& one : entries_) {
        if (one.caller != what.caller) continue;
        if (one.request == what.request) return false;
        ++of_caller;
    }
    if (of_caller >= most_of_a_caller && 2 * of_caller > entries_.size()) return false;
    if (entries_.size() == most_entries) entries_.erase(entries_.begin());
    entries_.push_back({now, what.caller, what.request, what.asked, what.what});
    ++(what.what == showed::slow ? slice_at(now).slow : slice_at(now).failed);
    return true;
}

void failure_window::clear() {
    entries_.clear();
    counted_ = {};
}

failure_window::counts failure_window::of(steady_time now, insurer apart) const {
    counts out;
    for (const slice& one : counted_) {
        if (one.number <= slice_of(now) - static_cast<std::int64_t>(slices)) continue;
        out.answered += one.answered;
        out.failed += one.failed;
        out.slow += one.slow;
    }
    distinct callers;
    std::uint64_t remembered = 0;
    std::uint64_t left_out = 0;
    for (const entry& one : entries_) {
        if (!recent(one, now)) continue;
        const bool failed = one.what != showed::slow;
        if (failed) ++remembered;
        if (failed && is_of(one, apart))
            ++left_out;
        else
            callers.add(one.caller);
    }
    // Whom the failures asked that are no longer remembered is taken to be as with those that are.
    if (left_out > 0) out.failed = out.failed * (remembered - left_out) / remembered;
    out.callers = callers.count();
    return out;
}

failure_window::asked_most failure_window::mostly_asked(steady_time now) const {
    const auto failed = [&](const entry& one) { return one.what != showed::slow && recent(one, now); };
    // Whoever has more than half survives being paired off with the others.
    insurer most = insurer::unknown;
    std::size_t ahead = 0;
    for (const entry& one : entries_) {
        if (!failed(one)) continue;
        if (ahead == 0) most = one.asked;
        one.asked == most ? ++ahead : --ahead;
    }
    std::size_t all = 0;
    std::size_t of_most = 0;
    distinct callers;
    for (const entry& one : entries_) {
        if (!failed(one)) continue;
        ++all;
        if (!is_of(one, most)) continue;
        ++of_most;
        callers.add(one.caller);
    }
    return 2 * of_most > all ? asked_most{most, callers.count()} : asked_most{};
}

std::size_t failure_window::callers_after(steady_time now, steady_time since, insurer apart) const {
    distinct callers;
    for (const entry& one : entries_) {
        const bool failed = one.what != showed::slow && recent(one, now);
        if (failed && one.at > since && !is_of(one, apart)) callers.add(one.caller);
    }
    return callers.count();
}

}  // namespace garde::continuity
