// The form of signed notes (https://c2sp.org/signed-note): a text, an empty line, one line for each
// signature. Pure; who signed is for note_key.hpp.
#pragma once

#include "garde/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace garde::journal {

inline constexpr std::size_t max_note_bytes = 1024 * 1024;
inline constexpr std::size_t max_note_signatures = 100;

/// Tells keys of one name apart: the first bytes of a hash over name and key.
using note_key_id = std::array<std::uint8_t, 4>;

struct note_signature {
    std::string name;  ///< of the key
    note_key_id key{};
    std::string bytes;  ///< the signature itself
    friend bool operator==(const note_signature&, const note_signature&) = default;
};

struct signed_note {
    std::string text;  ///< what is signed, with its final newline
    std::vector<note_signature> signatures;
    friend bool operator==(const signed_note&, const signed_note&) = default;
};

/// Whether a key may have this name: not empty, UTF-8 without control characters, white space (as Unicode has
/// it) and '+'.
[[nodiscard]] bool is_note_name(std::string_view name);

std::string to_text(const signed_note& note);

/// Says nothing about whether the signatures hold. The error says what is wrong with the form.
result<signed_note> parse_note(std::string_view text);

}  // namespace garde::journal
