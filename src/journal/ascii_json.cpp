// See ascii_json.hpp.
#include "ascii_json.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace garde::journal {
namespace {

/// Of well-formed UTF-8: the bits of a character's first byte that belong to its number, by its length.
std::uint32_t first_bits(unsigned char byte, int& following) {
    if (byte < 0x80) return following = 0, byte;
    if (byte < 0xe0) return following = 1, byte & 0x1fU;
    if (byte < 0xf0) return following = 2, byte & 0x0fU;
    return following = 3, byte & 0x07U;
}

void append_escaped(std::uint32_t number, std::string& to) {
    const auto to_end = std::back_inserter(to);
    if (number < 0x10000) {
        fmt::format_to(to_end, "\\u{:04x}", number);
        return;
    }
    number -= 0x10000;
    fmt::format_to(to_end, "\\u{:04x}\\u{:04x}", 0xd800 + (number >> 10), 0xdc00 + (number & 0x3ff));
}

}  // namespace

std::string ascii_json(const boost::json::value& what) {
    const std::string text = boost::json::serialize(what);
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        int following = 0;
        auto number = first_bits(static_cast<unsigned char>(text[i]), following);
        if (following == 0) {
            out.push_back(text[i]);
            continue;
        }
        for (; following > 0 && i + 1 < text.size(); --following)
            number = number << 6 | (static_cast<unsigned char>(text[++i]) & 0x3fU);
        append_escaped(number, out);
    }
    return out;
}

}  // namespace garde::journal
