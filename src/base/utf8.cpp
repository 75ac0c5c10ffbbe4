// See utf8.hpp.
#include "garde/base/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace garde {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

/// What RFC 3629 allows after a leading byte: how many bytes in all, and the bounds of the second one (which
/// keep out overlong forms, surrogates and what lies beyond U+10FFFF).
struct sequence {
    std::size_t length;
    std::uint8_t second_low;
    std::uint8_t second_high;
};

sequence sequence_of(std::uint8_t lead) {
    if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
    if (lead == 0xE0) return {3, 0xA0, 0xBF};
    if (lead == 0xED) return {3, 0x80, 0x9F};
    if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
    if (lead == 0xF0) return {4, 0x90, 0xBF};
    if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
    if (lead == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_character_length(std::string_view text) {
    if (text.empty()) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    if (byte(0) < 0x80) return 1;
    const auto [length, low, high] = sequence_of(byte(0));
    if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    return length;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = utf8_character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string clean_utf8(std::string_view text, std::size_t limit) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (text.size() <= limit && std::ranges::all_of(text, is_ascii)) return std::string(text);
    std::string out;
    std::size_t room_for_ellipsis = 0;  // the longest beginning of `out` that leaves room for the ellipsis
    while (!text.empty()) {
        const auto length = utf8_character_length(text);
        const auto piece = length == 0 ? replacement : text.substr(0, length);
        if (out.size() + piece.size() > limit) {
            out.resize(room_for_ellipsis);
            return out.append(ellipsis);
        }
        out.append(piece);
        if (out.size() + ellipsis.size() <= limit) room_for_ellipsis = out.size();
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

}  // namespace garde
