// See siphash.hpp.
#include "garde/base/siphash.hpp"

#include <bit>
#include <cstddef>

namespace garde {
namespace {

struct sip_state {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t c;
    std::uint64_t d;

    void round() {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void compress(std::uint64_t word) {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

/// Up to eight bytes, the first in the lowest place.
std::uint64_t little_endian(std::span<const std::uint8_t> bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) out |= std::uint64_t{bytes[i]} << (8 * i);
    return out;
}

}  // namespace

std::uint64_t siphash(const siphash_key& key, std::span<const std::uint8_t> bytes) noexcept {
    constexpr std::size_t word_bytes = 8;
    // "somepseudorandomlygeneratedbytes", as the paper has it.
    sip_state state{.a = key.low ^ 0x736f6d6570736575U,
                    .b = key.high ^ 0x646f72616e646f6dU,
                    .c = key.low ^ 0x6c7967656e657261U,
                    .d = key.high ^ 0x7465646279746573U};
    const std::uint64_t length = std::uint64_t{bytes.size()} << 56;
    while (bytes.size() >= word_bytes) {
        state.compress(little_endian(bytes.first(word_bytes)));
        bytes = bytes.subspan(word_bytes);
    }
    state.compress(length | little_endian(bytes));
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace garde
