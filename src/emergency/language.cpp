// Choosing the caller's language; see procedure.hpp.
#include "garde/emergency/procedure.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace garde::emergency {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trim(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

/// The text up to the separator, which is taken off the front of `rest` with it.
std::string_view take_until(std::string_view& rest, char separator) {
    const auto at = std::min(rest.find(separator), rest.size());
    const auto taken = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return taken;
}

/// `0`, `0.5`, `1.000`: thousandths.
std::optional<int> parse_quality(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    int value = (text[0] - '0') * 1000;
    int scale = 100;
    for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value += (digit - '0') * scale;
        scale /= 10;
    }
    if (value > 1000) return std::nullopt;
    return value;
}

/// How a range speaks of a language; a better way replaces a worse one.
enum class match : std::uint8_t { none, any, prefix, exact };

match match_of(std::string_view range, std::string_view language) {
    if (range == "*") return match::any;
    if (equal_ignoring_case(range, language)) return match::exact;
    if (range.size() > language.size() && range[language.size()] == '-' &&
        equal_ignoring_case(range.substr(0, language.size()), language))
        return match::prefix;
    return match::none;
}

struct candidate {
    std::string_view language;
    match how = match::none;
    int quality = 0;
    std::size_t position = 0;  ///< of the range that decided, in the header

    void consider(match by, int with_quality, std::size_t at) {
        if (by == match::none || by < how || (by == how && with_quality <= quality)) return;
        how = by;
        quality = with_quality;
        position = at;
    }
};

}  // namespace

std::string_view choose_language(std::string_view accept_language, std::string_view fallback) {
    std::array<candidate, languages.size()> candidates;
    std::ranges::transform(languages, candidates.begin(),
                           [](auto language) { return candidate{.language = language}; });
    for (std::size_t position = 0; !accept_language.empty(); ++position) {
        auto item = take_until(accept_language, ',');
        const auto range = trim(take_until(item, ';'));
        const auto weight = trim(item);
        auto quality = std::optional<int>(1000);
        if (!weight.empty())
            quality = weight.size() > 2 && lower(weight[0]) == 'q' && weight[1] == '='
                          ? parse_quality(weight.substr(2))
                          : std::nullopt;
        if (!quality) continue;
        for (auto& each : candidates) each.consider(match_of(range, each.language), *quality, position);
    }
    const auto best = std::ranges::min_element(candidates, [&](const auto& a, const auto& b) {
        if (a.quality != b.quality) return a.quality > b.quality;
        if (a.position != b.position) return a.position < b.position;
        return a.language == fallback && b.language != fallback;
    });
    return best->quality > 0 ? best->language : fallback;
}

}  // namespace garde::emergency
