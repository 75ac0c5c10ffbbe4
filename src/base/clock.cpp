// See clock.hpp.
#include "garde/base/clock.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace garde {
namespace {

using namespace std::chrono;

/// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<sys_days> take_date(std::string_view& text) {
    const auto y = take_number(text, 4);
    if (!y || !take(text, '-')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take(text, '-')) return std::nullopt;
    const auto d = take_number(text, 2);
    if (!d) return std::nullopt;
    const year_month_day date{year{*y}, month{static_cast<unsigned>(*m)}, day{static_cast<unsigned>(*d)}};
    if (!date.ok()) return std::nullopt;
    return sys_days{date};
}

/// The days of which every moment, in every zone, can be counted in nanoseconds in 64 bits.
constexpr sys_days first_day{year{1678} / 1 / 1};
constexpr sys_days last_day{year{2261} / 12 / 31};

/// Takes `Z`, `+hh:mm`, `-hh:mm` or nothing; the offset east of UTC.
std::optional<minutes> take_zone(std::string_view& text) {
    if (text.empty() || take(text, 'Z')) return minutes{0};
    const bool east = text.front() == '+';
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto h = take_number(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || *h > 14 || *m > 59) return std::nullopt;
    const minutes offset = hours{*h} + minutes{*m};
    return east ? offset : -offset;
}

/// Takes an optional fraction of a second.
std::optional<nanoseconds> take_fraction(std::string_view& text) {
    if (!take(text, '.')) return nanoseconds{0};
    std::int64_t value = 0;
    std::int64_t scale = 1'000'000'000;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
        if (scale > 1) {
            scale /= 10;
            value += (text[digits] - '0') * scale;
        }
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return nanoseconds{value};
}

/// Decimal digits, with leading zeros, right before `end`.
void put_number(char* end, std::int64_t value, int digits) {
    for (; digits > 0; --digits, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

/// 2018-08-09T09:00:00.123Z, with so many digits behind the dot. The clock's years have four digits.
std::string in_rfc3339(wall_time at, std::int64_t fraction, int digits) {
    const auto date = floor<days>(at);
    const year_month_day ymd{date};
    const hh_mm_ss time{floor<std::chrono::seconds>(at - date)};
    std::string out = "yyyy-mm-ddThh:mm:ss.";
    char* const to = out.data();
    put_number(to + 4, static_cast<int>(ymd.year()), 4);
    put_number(to + 7, static_cast<unsigned>(ymd.month()), 2);
    put_number(to + 10, static_cast<unsigned>(ymd.day()), 2);
    put_number(to + 13, time.hours().count(), 2);
    put_number(to + 16, time.minutes().count(), 2);
    put_number(to + 19, time.seconds().count(), 2);
    out.append(static_cast<std::size_t>(digits), '0').push_back('Z');
    put_number(out.data() + out.size() - 1, fraction, digits);
    return out;
}

}  // namespace

wall_time wall_now() {
    return time_point_cast<nanoseconds>(system_clock::now());
}

std::string to_rfc3339(wall_time at) {
    const auto ms = duration_cast<milliseconds>(at - floor<std::chrono::seconds>(at));
    return in_rfc3339(at, ms.count(), 3);
}

std::string to_rfc3339_ns(wall_time at) {
    return in_rfc3339(at, (at - floor<std::chrono::seconds>(at)).count(), 9);
}

std::optional<wall_time> parse_rfc3339(std::string_view text) {
    const auto date = take_date(text);
    if (!date || *date < first_day || *date > last_day || !take(text, 'T')) return std::nullopt;
    const auto h = take_number(text, 2);
    if (!h || !take(text, ':')) return std::nullopt;
    const auto m = take_number(text, 2);
    if (!m || !take(text, ':')) return std::nullopt;
    const auto s = take_number(text, 2);
    if (!s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
    const auto fraction = take_fraction(text);
    const auto zone = fraction ? take_zone(text) : std::nullopt;
    if (!zone || !text.empty()) return std::nullopt;
    return wall_time{*date} + hours{*h} + minutes{*m} + std::chrono::seconds{*s} + *fraction - *zone;
}

std::optional<sys_days> parse_date(std::string_view text) {
    const auto date = take_date(text);
    if (!date || !take_zone(text) || !text.empty()) return std::nullopt;
    return date;
}

std::string to_http_date(wall_time at) {
    static constexpr std::array weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto date = floor<days>(at);
    const year_month_day ymd{date};
    const hh_mm_ss time{floor<std::chrono::seconds>(at - date)};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", weekdays[weekday{date}.c_encoding()],
                       static_cast<unsigned>(ymd.day()), months[static_cast<unsigned>(ymd.month()) - 1],
                       static_cast<int>(ymd.year()), time.hours().count(), time.minutes().count(),
                       time.seconds().count());
}

}  // namespace garde
