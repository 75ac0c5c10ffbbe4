// Who failed at one backend lately, over how many attempts. One caller who repeats one request counts once,
// and no caller makes up most of the failures: a poisonous request must not look like an outage. Who failed
// is remembered of the latest failures only; how many there were is counted for the whole window, as answers
// are, so that a rate is true however much traffic there is. Pure.
#pragma once

#include "garde/base/clock.hpp"
#include "garde/continuity/sighting.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace garde::continuity {

class failure_window {
  public:
    static constexpr std::size_t most_entries = 64;  ///< the oldest goes when it is full
    /// Further ones of the same caller are not fresh while the others together have no more than he has.
    static constexpr std::size_t most_of_a_caller = 8;
    static constexpr std::size_t slices = 8;  ///< in which attempts are counted

    /// `span`: how far back it looks.
    explicit failure_window(milliseconds span) : span_(span) {}

    /// Another span begins anew: what was counted is in slices of the former one.
    void adopt(milliseconds span);
    void answered(steady_time now, std::uint64_t count);

    /// False when this caller's request, or enough of this caller's, is in it already.
    bool enter(steady_time now, const sighting& what);
    void clear();

    struct counts {
        std::uint64_t answered = 0;
        std::uint64_t failed = 0;  ///< different requests
        std::uint64_t slow = 0;    ///< different requests; they are among those answered
        std::size_t callers = 0;   ///< different ones, of those failed and slow
    };
    /// `apart`: an insurer whose failures are left out; unknown leaves none out.
    [[nodiscard]] counts of(steady_time now, insurer apart = insurer::unknown) const;

    /// The one insurer that most of the failures asked, and how many different callers did; unknown when
    /// there is none.
    struct asked_most {
        insurer asked = insurer::unknown;
        std::size_t callers = 0;
    };
    [[nodiscard]] asked_most mostly_asked(steady_time now) const;

    /// Different callers who failed after `since`.
    [[nodiscard]] std::size_t callers_after(steady_time now, steady_time since,
                                            insurer apart = insurer::unknown) const;

  private:
    friend struct state_reader;  // of the tests: compares and counts states
    struct entry {
        steady_time at{};
        std::uint64_t caller = 0;
        std::uint64_t request = 0;
        insurer asked = insurer::unknown;
        showed what = showed::failed;
    };
    struct slice {
        std::int64_t number = -1;  ///< of the slice of time since the clock's beginning
        std::uint64_t answered = 0;
        std::uint64_t failed = 0;
        std::uint64_t slow = 0;
    };
    slice& slice_at(steady_time now);
    [[nodiscard]] std::int64_t slice_of(steady_time now) const;
    [[nodiscard]] bool recent(const entry& one, steady_time now) const { return one.at + span_ > now; }
    static bool is_of(const entry& one, insurer asked) {
        return asked != insurer::unknown && one.asked == asked;
    }

    milliseconds span_;
    std::vector<entry> entries_;  ///< oldest first
    std::array<slice, slices> counted_{};
};

}  // namespace garde::continuity
