// Who was answered lately, so that an authentication fault for one of them counts and one for a stranger does
// not. Fixed memory: of two callers who share a place the later one stays, and the other is a stranger again.
// Pure.
#pragma once

#include "garde/base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace garde::continuity {

class recent_callers {
  public:
    static constexpr std::size_t places = 1024;
    static constexpr std::chrono::hours lately{1};

    /// `caller`: a keyed hash.
    void answered(std::uint64_t caller, steady_time now) { place_of(caller) = {caller, now}; }
    [[nodiscard]] bool knows(std::uint64_t caller, steady_time now) const {
        const place& at = places_[caller % places];
        return at.answered != steady_time{} && at.caller == caller && now < at.answered + lately;
    }

  private:
    struct place {
        std::uint64_t caller = 0;
        steady_time answered{};
    };
    place& place_of(std::uint64_t caller) { return places_[caller % places]; }

    std::array<place, places> places_{};
};

}  // namespace garde::continuity
