// Random bytes for one thread, drawn from OpenSSL's generator many at a time: for ids that many requests
// need.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace garde {

/// One thread.
class random_supply {
  public:
    static constexpr std::size_t drawn_bytes = 4096;

    /// `count` fresh bytes, at most drawn_bytes; valid until the next call. Ends the process when the system
    /// has no randomness.
    std::string_view take(std::size_t count);

  private:
    std::array<char, drawn_bytes> bytes_{};
    std::size_t used_ = drawn_bytes;
};

}  // namespace garde
