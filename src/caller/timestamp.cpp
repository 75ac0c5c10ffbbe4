// See timestamp.hpp.
#include "timestamp.hpp"

#include "names.hpp"

namespace garde::caller {
namespace {

using enum assertion_refusal;
using std::chrono::floor;
using std::chrono::milliseconds;

constexpr std::chrono::hours longest_life{1};

checked<wall_time> instant_in(const xmlNode& element) {
    const auto text = text_of(element);
    if (!text) return std::unexpected(text.error());
    const auto at = read_instant(*text);
    if (!at) return std::unexpected(timestamp);
    return *at;
}

}  // namespace

std::optional<wall_time> read_instant(std::string_view text) {
    constexpr std::size_t offset_size = 6;  // +01:00
    const bool has_zone =
        text.ends_with('Z') || (text.size() > offset_size && (text[text.size() - offset_size] == '+' ||
                                                              text[text.size() - offset_size] == '-'));
    return has_zone ? parse_rfc3339(text) : std::nullopt;
}

checked<wall_time> read_timestamp(const xmlNode& element) {
    const auto* first = first_element(element);
    const auto* second = first == nullptr ? nullptr : next_element(*first);
    if (second == nullptr || !is(*first, wsu, "Created") || !is(*second, wsu, "Expires") ||
        next_element(*second) != nullptr || has_text_between(element))
        return std::unexpected(timestamp);
    const auto created = instant_in(*first);
    if (!created) return created;
    const auto expires = instant_in(*second);
    if (!expires) return expires;
    // In milliseconds, so that no two instants are too far apart to be compared.
    const auto life = floor<milliseconds>(*expires) - floor<milliseconds>(*created);
    if (life <= milliseconds::zero() || life > longest_life) return std::unexpected(timestamp);
    return created;
}

bool is_near(wall_time a, wall_time b, std::chrono::seconds skew) {
    const auto apart = floor<milliseconds>(a) - floor<milliseconds>(b);
    return apart <= skew && apart >= -skew;
}

}  // namespace garde::caller
