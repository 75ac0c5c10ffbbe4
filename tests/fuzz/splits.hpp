// Cuts inputs into pieces, at places that depend on nothing but the input, so that a finding can be replayed.
#pragma once

#include "http/drive.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

namespace garde::http::fuzz {

inline std::vector<std::string_view> random_pieces(std::string_view bytes, unsigned round) {
    std::minstd_rand dice(static_cast<unsigned>(std::hash<std::string_view>{}(bytes)) + round);
    std::vector<std::size_t> cuts(dice() % 8 + 1);
    for (auto& at : cuts) at = dice() % (bytes.size() + 1);
    std::ranges::sort(cuts);
    return test::cut(bytes, cuts);
}

/// Calls `same` with the input in pieces: cut at random places, and byte by byte where that is not too slow.
template <class Same>
void for_all_splits(std::string_view bytes, Same same) {
    for (unsigned round = 0; round < 3; ++round) same(random_pieces(bytes, round));
    if (bytes.size() <= 512) same(test::single_bytes(bytes));
}

}  // namespace garde::http::fuzz
