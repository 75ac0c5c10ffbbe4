// See message_template.hpp.
#include "garde/soap/message_template.hpp"

#include "garde/base/hash.hpp"

#include <algorithm>

namespace garde::soap {
namespace {

std::string uuid_of(std::span<const std::uint8_t, 16> random) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(random, bytes.begin());
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | 0x40U);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
    std::string out = to_hex(bytes);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
    return out;
}

}  // namespace

std::string fill_template(std::string_view text, wall_time now, std::span<const std::uint8_t, 16> random) {
    const std::string timestamp = to_rfc3339(now);
    const std::array values{timestamp, timestamp.substr(0, timestamp.find('T')), uuid_of(random)};
    std::string out;
    out.reserve(text.size() + 64);
    while (!text.empty()) {
        const auto brace = std::min(text.find('{'), text.size());
        out.append(text.substr(0, brace));
        text.remove_prefix(brace);
        const auto* const which =
            std::ranges::find_if(placeholders, [&](std::string_view one) { return text.starts_with(one); });
        if (which != placeholders.end()) {
            out += values[static_cast<std::size_t>(which - placeholders.begin())];
            text.remove_prefix(which->size());
        } else if (!text.empty()) {
            out += '{';
            text.remove_prefix(1);
        }
    }
    return out;
}

std::string_view unknown_placeholder(std::string_view text) {
    for (auto brace = text.find('{'); brace != std::string_view::npos; brace = text.find('{', brace + 1)) {
        const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz", brace + 1);
        if (end == std::string_view::npos || text[end] != '}' || end == brace + 1) continue;
        const auto found = text.substr(brace, end + 1 - brace);
        if (std::ranges::find(placeholders, found) == placeholders.end()) return found;
    }
    return {};
}

}  // namespace garde::soap
