// Characters of XML 1.0 that the scanner and the readers share: white space, names, references.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace garde::soap {

constexpr bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// A code point that XML 1.0 allows (production 2, Char).
constexpr bool is_xml_char(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c < 0xD800 || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/// A reference that every document may use, by what stands between `&` and `;`: the five entities and
/// characters by number.
inline bool is_reference(std::string_view name) {
    if (name == "lt" || name == "gt" || name == "amp" || name == "apos" || name == "quot") return true;
    if (!name.starts_with('#')) return false;
    name.remove_prefix(1);
    const int base = name.starts_with('x') ? 16 : 10;
    if (base == 16) name.remove_prefix(1);
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), value, base);
    return failure == std::errc{} && end == name.data() + name.size() && is_xml_char(value);
}

/// What a byte may be in a name, in this order so that one comparison says whether a name goes on, with or
/// without colons. Bytes of multi-byte characters count as letters.
enum name_class : std::uint8_t {
    not_in_name = 0,
    name_colon = 1,  ///< between prefix and local name; by XML 1.0 alone a letter
    name_part = 2,   ///< not at the beginning
    name_start = 3,
};

inline constexpr std::array<std::uint8_t, 256> name_classes = [] {
    std::array<std::uint8_t, 256> out{};
    for (int c = 0; c < 256; ++c) {
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
        const bool part = (c >= '0' && c <= '9') || c == '-' || c == '.';
        out[static_cast<std::size_t>(c)] = letter     ? name_start
                                           : part     ? name_part
                                           : c == ':' ? name_colon
                                                      : not_in_name;
    }
    return out;
}();

constexpr name_class name_class_of(char c) {
    return static_cast<name_class>(name_classes[static_cast<std::uint8_t>(c)]);
}

}  // namespace garde::soap
