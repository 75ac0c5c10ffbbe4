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
        return local == start ? std::string_view{} : between(start, local - 1);
    }
};

#ifdef __SSE2__
/// One bit for each byte that name_classes counts to a name, the first byte's lowest.
inline unsigned name_bytes(__m128i block) {
    const auto in_range = [](__m128i bytes, char first, char last) {
        const auto offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
        return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(last - first))), offset);
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

/// Reads the qualified name (Namespaces in XML 1.0, production 7) at `at`. False when there is none.
[[gnu::always_inline]] inline bool read_element_name(const char* at, const char* end, element_name& out) {
    const char* const start = at;
    const char* local = start;
#ifdef __SSE2__
    for (; end - at >= block_bytes; at += block_bytes) {
        const auto block = load_block(at);
        const auto size = std::countr_one(name_bytes(block));
        const auto colons = hits_of(block, ':') & ((1U << size) - 1);
        if (colons != 0) {
            if (local != start || (colons & (colons - 1)) != 0) return false;
            local = at + std::countr_zero(colons) + 1;
        }
        if (size == block_bytes) continue;
        out = {start, local, at + size};
        return name_class_of(*start) == name_start && name_class_of(*local) == name_start;
    }
#endif
    for (; at != end && name_class_of(*at) != not_in_name; ++at) {
        if (*at != ':') continue;
        if (local != start) return false;
        local = at + 1;
    }
    out = {start, local, at};
    return at != end && name_class_of(*start) == name_start && name_class_of(*local) == name_start;
}

}  // namespace garde::soap
