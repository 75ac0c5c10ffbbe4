// Control bytes, which no line of a head may have but for HTAB (RFC 9110, 5.5). Internal to the module.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace garde::http {

inline bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

/// True when none of the eight bytes is a control byte; false when one may be (HTAB counts here).
inline bool surely_clean(std::uint64_t block) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t high_bits = 0x80 * ones;
    const auto is_delete = block ^ (0x7F * ones);  // zero bytes where there was a DEL
    const auto below_space = (block - 0x20 * ones) & ~block;
    return ((below_space | ((is_delete - ones) & ~is_delete)) & high_bits) == 0;
}

inline bool has_control(std::string_view text) {
    // Eight at a time: every byte of every head passes here.
    while (text.size() >= sizeof(std::uint64_t)) {
        std::uint64_t block = 0;
        std::memcpy(&block, text.data(), sizeof block);
        if (!surely_clean(block) && std::ranges::any_of(text.substr(0, sizeof block), is_control))
            return true;
        text.remove_prefix(sizeof block);
    }
    return std::ranges::any_of(text, is_control);
}

}  // namespace garde::http
