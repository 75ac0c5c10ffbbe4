// Where names end, for the scanner: it stays within the text as long as a byte that is in no name lies ahead.
#pragma once

#include "bytes.hpp"
#include "xml_text.hpp"

#include <bit>
#include <string_view>

namespace garde::soap {

/// The name of an element in its tag.
struct element_name {
    const char* start;
    const char* local;  ///< behind the colon, or `start`
    const char* stop;

    /// Empty when there is none.
    [[nodiscard]] std::string_view prefix() const {
        return between(start, local == start ? start : local - 1);
    }
};

#ifdef __SSE2__
/// One bit for each byte that name_classes counts to a name, the first byte's lowest.
inline unsigned name_bytes(__m128i block) {
    // Moved so that the range's last byte becomes the highest signed one, a range takes a single comparison.
    const auto in_range = [](__m128i bytes, char first, char last) {
        const auto moved = _mm_add_epi8(bytes, _mm_set1_epi8(static_cast<char>(0x7F - last)));
        return _mm_cmpgt_epi8(moved, _mm_set1_epi8(static_cast<char>(0x7F - last + first - 1)));
    };
    const auto letter = in_range(_mm_or_si128(block, _mm_set1_epi8('a' ^ 'A')), 'a', 'z');
    const auto slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('/'));
    const auto other = _mm_andnot_si128(slash, in_range(block, '-', ':'));  // dash, dot, digits, colon
    const auto underscore = _mm_cmpeq_epi8(block, _mm_set1_epi8('_'));
    // Of a byte of a multi-byte character the high bit is set, and that is the one that counts.
    const auto any = _mm_or_si128(_mm_or_si128(letter, other), _mm_or_si128(underscore, block));
    return static_cast<unsigned>(_mm_movemask_epi8(any));
}
#endif

/// Behind the name of XML 1.0 (production 5) at `at`; `at` when there is none.
inline const char* behind_name(const char* at, const char* end) {
    if (name_class_of(*at) == name_part) return at;
#ifdef __SSE2__
    for (; end - at >= block_bytes; at += block_bytes)
        if (const auto size = std::countr_one(name_bytes(load_block(at))); size < block_bytes)
            return at + size;
#endif
    while (at != end && name_class_of(*at) != not_in_name) ++at;
    return at;
}

/// Reads the qualified name (Namespaces in XML 1.0, production 7) at `at`, where a byte is that may begin
/// one. False when there is none.
[[gnu::always_inline]] inline bool read_element_name(const char* at, const char* end, element_name& out) {
    const char* const start = at;
    const char* local = start;
#ifdef __SSE2__
    constexpr unsigned whole_block = (1U << block_bytes) - 1;
    for (; end - at >= block_bytes; at += block_bytes) {
        const auto block = load_block(at);
        const auto inside = name_bytes(block);
        const auto outside = inside ^ whole_block;
        const auto before_the_first_outside = inside & (outside - 1);
        if (const auto colons = hits_of(block, ':') & before_the_first_outside; colons != 0) {
            if (local != start || (colons & (colons - 1)) != 0) return false;
            local = at + first_bit(colons) + 1;
        }
        if (outside == 0) continue;
        out = {start, local, at + first_bit(outside)};
        return name_class_of(*local) == name_start;
    }
#endif
    for (; at != end && name_class_of(*at) != not_in_name; ++at) {
        if (*at != ':') continue;
        if (local != start) return false;
        local = at + 1;
    }
    out = {start, local, at};
    return at != end && name_class_of(*local) == name_start;
}

}  // namespace garde::soap
