// Searching, comparing and checking bytes, for the scanner. Its runs are short (an indent, a name, a value),
// so that a call into the C library would cost more than the work; long runs are left to it. Blocks are of
// SSE2, which every x86-64 has; elsewhere the plain loops behind them do everything.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace garde::soap {

inline std::string_view between(const char* from, const char* to) {
    return {from, static_cast<std::size_t>(to - from)};
}

#ifdef __SSE2__
inline constexpr std::ptrdiff_t block_bytes = 16;

inline __m128i load_block(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

inline std::size_t first_bit(unsigned bits) {
    return static_cast<unsigned>(std::countr_zero(bits));
}

/// One bit for each byte that equals `what`, the first byte's lowest.
inline unsigned hits_of(__m128i block, char what) {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(what))));
}
#endif

/// find_byte() for what is not in the first block, or where there is no whole block.
[[gnu::noinline]] inline const char* find_byte_further(const char* from, const char* end, char what) {
#ifdef __SSE2__
    for (int i = 0; i < 4 && end - from >= block_bytes; ++i, from += block_bytes)
        if (const auto hits = hits_of(load_block(from), what); hits != 0) return from + first_bit(hits);
#endif
    if (from == end) return end;
    const void* const hit = std::memchr(from, what, static_cast<std::size_t>(end - from));
    return hit == nullptr ? end : static_cast<const char*>(hit);
}

/// The first `what` in [from, end), or `end`.
inline const char* find_byte(const char* from, const char* end, char what) {
#ifdef __SSE2__
    if (end - from >= block_bytes) {
        const auto hits = hits_of(load_block(from), what);
        if (hits != 0) return from + first_bit(hits);
        from += block_bytes;
    }
#endif
    return find_byte_further(from, end, what);
}

/// The first `a` or `b` in [from, end), or `end`.
inline const char* find_either(const char* from, const char* end, char a, char b) {
#ifdef __SSE2__
    for (; end - from >= block_bytes; from += block_bytes) {
        const auto block = load_block(from);
        const auto hits = hits_of(block, a) | hits_of(block, b);
        if (hits != 0) return from + first_bit(hits);
    }
#endif
    while (from != end && *from != a && *from != b) ++from;
    return from;
}

#ifdef __SSE2__
/// The lowest byte at each place of all blocks of a text of at least one block; line feeds do not count.
inline __m128i lowest_but_feeds(const char* at, const char* end) {
    __m128i lowest = _mm_set1_epi8(-1);
    const auto look = [&lowest](const char* from) {
        const auto block = load_block(from);
        const auto feeds = _mm_cmpeq_epi8(block, _mm_set1_epi8('\n'));
        lowest = _mm_min_epu8(lowest, _mm_or_si128(feeds, block));
    };
    const char* const last = end - block_bytes;
    for (; end - at >= 4 * block_bytes; at += 4 * block_bytes) {
        look(at);
        look(at + block_bytes);
        look(at + 2 * block_bytes);
        look(at + 3 * block_bytes);
    }
    for (; at < last; at += block_bytes) look(at);
    look(last);  // overlaps what was seen
    return lowest;
}
#endif

/// Whether there is a control character that XML forbids, that is any but tab, line feed and carriage return.
inline bool has_forbidden_control(std::string_view text) {
#ifdef __SSE2__
    // Most texts have no other control character than line feeds, which is cheaper to see.
    if (text.size() >= block_bytes) {
        const auto lowest = lowest_but_feeds(text.data(), text.data() + text.size());
        const auto space = _mm_set1_epi8(' ');
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(lowest, space), space)) == 0xFFFF) return false;
    }
#endif
    for (const char c : text)
        if (static_cast<std::uint8_t>(c) < ' ' && c != '\t' && c != '\n' && c != '\r') return true;
    return false;
}

/// Whether `size` bytes are the same at both places.
inline bool same_bytes(const char* a, const char* b, std::size_t size) {
    const auto same_word = [&]<typename Word>(Word left, std::size_t at) {
        Word right;
        std::memcpy(&left, a + at, sizeof left);
        std::memcpy(&right, b + at, sizeof right);
        return left == right;
    };
    // The last word overlaps the one before it.
    if (size >= 8) {
        for (std::size_t i = 8; i < size - 8; i += 8)
            if (!same_word(std::uint64_t{}, i)) return false;
        return same_word(std::uint64_t{}, 0) && same_word(std::uint64_t{}, size - 8);
    }
    if (size >= 4) return same_word(std::uint32_t{}, 0) && same_word(std::uint32_t{}, size - 4);
    for (std::size_t i = 0; i < size; ++i)
        if (a[i] != b[i]) return false;
    return true;
}

}  // namespace garde::soap
