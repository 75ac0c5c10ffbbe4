// All that is left to chance in a simulation comes from here, so that a seed gives the same run again.
#pragma once

#include "garde/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace garde::sim {

/// SplitMix64: small, and good enough for tossing coins.
class chance {
  public:
    explicit chance(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t out = state_ += 0x9e3779b97f4a7c15;
        out = (out ^ (out >> 30)) * 0xbf58476d1ce4e5b9;
        out = (out ^ (out >> 27)) * 0x94d049bb133111eb;
        return out ^ (out >> 31);
    }
    /// Under `bound`, which is at least 1.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    /// Both ends included.
    template <class Number>
    Number between(Number least, Number most) {
        return least + static_cast<Number>(below(static_cast<std::uint64_t>(most - least) + 1));
    }
    template <class Rep, class Period>
    std::chrono::duration<Rep, Period> between(std::chrono::duration<Rep, Period> least,
                                               std::chrono::duration<Rep, Period> most) {
        return std::chrono::duration<Rep, Period>(between(least.count(), most.count()));
    }
    bool percent(int how_many) { return below(100) < static_cast<std::uint64_t>(how_many); }
    template <class List>
    const auto& one_of(const List& list) {
        return *(list.begin() + static_cast<std::ptrdiff_t>(below(list.size())));
    }
    /// Another one, so that what is drawn here and what is drawn there do not change each other.
    chance fork() { return chance(next()); }

  private:
    std::uint64_t state_;
};

/// From now on everything that OpenSSL draws, and garde through it, follows from the seed.
void seed_openssl(std::uint64_t seed);

}  // namespace garde::sim
