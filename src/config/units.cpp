// See units.hpp.
#include "units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <numeric>

namespace garde::config {
namespace {

struct unit {
    std::string_view name;
    std::int64_t factor;
};

// Largest first, so that the text forms find the largest that leaves no rest.
constexpr std::array<unit, 5> duration_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 4> size_units{{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::array<unit, 1> percent{{{"%", 1}}};

template <std::size_t N>
std::optional<std::int64_t> parse(std::string_view text, const std::array<unit, N>& units) {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || number < 0) return std::nullopt;
    const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
    const auto found = std::ranges::find(units, suffix, &unit::name);
    if (found == units.end() || number > std::numeric_limits<std::int64_t>::max() / found->factor)
        return std::nullopt;
    return number * found->factor;
}

template <std::size_t N>
std::string text_of(std::int64_t value, const std::array<unit, N>& units) {
    for (const auto& [name, factor] : units)
        if (value != 0 && value % factor == 0) return std::to_string(value / factor).append(name);
    return "0" + std::string(units.back().name);
}

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours, each counted once.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::vector<std::size_t> row(b.size() + 1, i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = std::move(last);
        last = std::move(row);
    }
    return last.back();
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse(text, duration_units);
    if (!value) return std::nullopt;
    return std::chrono::milliseconds(*value);
}

std::optional<std::size_t> parse_size(std::string_view text) {
    const bool plain = !text.empty() && text.back() >= '0' && text.back() <= '9';
    const auto value = plain ? parse(std::string(text) + "B", size_units) : parse(text, size_units);
    if (!value) return std::nullopt;
    return static_cast<std::size_t>(*value);
}

std::optional<int> parse_percentage(std::string_view text) {
    const auto value = parse(text, percent);
    if (!value || *value > std::numeric_limits<int>::max()) return std::nullopt;
    return static_cast<int>(*value);
}

std::string duration_text(std::chrono::milliseconds value) {
    return text_of(value.count(), duration_units);
}

std::string size_text(std::size_t bytes) {
    return text_of(static_cast<std::int64_t>(bytes), size_units);
}

std::string percentage_text(int value) {
    return text_of(value, percent);
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    // A third of the letters may be wrong; with more, the guess would mislead.
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto& candidate : known) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) {
            best_distance = distance;
            best = candidate;
        }
    }
    return best;
}

}  // namespace garde::config
