// What was observed of one backend, counted plainly: the model that the failure detector is held against.
#pragma once

#include "garde/continuity/sighting.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace garde::continuity {

struct observed_counts {
    struct failure {
        steady_time at;
        std::uint64_t caller;
        bool slow;
        friend bool operator==(const failure&, const failure&) = default;
    };
    int probe_failures = 0;         ///< in a row
    int passes = 0;                 ///< in a row; a failure to connect ends it, and so does a fall
    int unreached = 0;              ///< in a row
    int counted = 0;                ///< failures in a row that count
    int trials = 0;                 ///< answered, in a row
    std::vector<failure> recent;    ///< within the window, each caller's request once
    std::vector<steady_time> good;  ///< answers within the window
    std::optional<steady_time> answered;
    std::optional<steady_time> symptom;  ///< the last bad thing
    std::optional<steady_time> out_until;
    std::vector<failure> refused;       ///< within the window, each caller once
    std::uint64_t failed_trial_of = 0;  ///< whose request failed as a trial the last time

    void forget(steady_time now, milliseconds window) {
        std::erase_if(recent, [&](const failure& one) { return one.at + window <= now; });
        std::erase_if(refused, [&](const failure& one) { return one.at + window <= now; });
        std::erase_if(good, [&](steady_time at) { return at + window <= now; });
    }
    void fail(steady_time now, const sighting& what) {
        const bool slow = what.what == showed::slow;
        const bool early = what.why == reason::connect_failed;
        const bool known = std::ranges::any_of(
            recent, [&](const auto& one) { return one.caller == what.caller && one.slow == slow; });
        if (!known) recent.push_back({now, what.caller, slow});
        if (slow && !known) symptom = now;
        if (slow) return;
        if (early) ++unreached, passes = 0;
        if (!early && !known) ++counted;
        if (early || !known) symptom = now;
    }
    void refuse(steady_time now, std::uint64_t caller) {
        if (std::ranges::any_of(refused, [&](const auto& one) { return one.caller == caller; })) return;
        refused.push_back({now, caller, false});
        symptom = now;
    }
    void answer(steady_time now) {
        answered = now;
        good.push_back(now);
        unreached = counted = 0;
    }
    [[nodiscard]] std::size_t callers(steady_time after, bool with_slow) const {
        std::set<std::uint64_t> out;
        for (const auto& one : recent)
            if (one.at > after && (with_slow || !one.slow)) out.insert(one.caller);
        return out.size();
    }
};

}  // namespace garde::continuity
