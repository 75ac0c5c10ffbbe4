// Text forms of times: RFC 3339, xs:date, IMF-fixdate.
#include "garde/base/clock.hpp"

#include <gtest/gtest.h>

namespace garde {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr std::chrono::year_month_day day_of_the_outage{std::chrono::year{2018}, std::chrono::August,
                                                        std::chrono::day{9}};
constexpr wall_time nine_o_clock = wall_time{sys_days{day_of_the_outage}} + 9h;

TEST(clock_rfc3339, is_written_in_utc_with_milliseconds) {
    EXPECT_EQ(to_rfc3339(nine_o_clock), "2018-08-09T09:00:00.000Z");
    EXPECT_EQ(to_rfc3339_ns(nine_o_clock + 42ns), "2018-08-09T09:00:00.000000042Z");
    EXPECT_EQ(to_rfc3339(nine_o_clock + 30min + 5s + 42ms), "2018-08-09T09:30:05.042Z");
}

TEST(clock_rfc3339, is_cut_not_rounded) {
    EXPECT_EQ(to_rfc3339(nine_o_clock - 1ns), "2018-08-09T08:59:59.999Z");
}

TEST(clock_rfc3339, is_right_before_1970) {
    EXPECT_EQ(to_rfc3339(wall_time{} - 1ms), "1969-12-31T23:59:59.999Z");
}

TEST(clock_rfc3339, reads_utc_and_offsets) {
    EXPECT_EQ(parse_rfc3339("2018-08-09T09:00:00Z"), nine_o_clock);
    EXPECT_EQ(parse_rfc3339("2018-08-09T11:00:00+02:00"), nine_o_clock);
    EXPECT_EQ(parse_rfc3339("2018-08-09T03:30:00-05:30"), nine_o_clock);
    EXPECT_EQ(parse_rfc3339("2018-08-08T23:00:00-10:00"), nine_o_clock);
}

TEST(clock_rfc3339, a_time_without_zone_counts_as_utc) {
    EXPECT_EQ(parse_rfc3339("2018-08-09T09:00:00"), nine_o_clock);
}

TEST(clock_rfc3339, reads_fractions_and_drops_what_is_finer_than_a_nanosecond) {
    EXPECT_EQ(parse_rfc3339("2018-08-09T09:00:00.5Z"), nine_o_clock + 500ms);
    EXPECT_EQ(parse_rfc3339("2018-08-09T09:00:00.123456789Z"), nine_o_clock + 123'456'789ns);
    EXPECT_EQ(parse_rfc3339("2018-08-09T09:00:00.1234567899999Z"), nine_o_clock + 123'456'789ns);
    EXPECT_EQ(parse_rfc3339("2018-08-09T11:00:00.250+02:00"), nine_o_clock + 250ms);
}

TEST(clock_rfc3339, reads_what_it_writes) {
    const auto at = nine_o_clock + 1234ms;
    EXPECT_EQ(parse_rfc3339(to_rfc3339(at)), at);
}

TEST(clock_rfc3339, refuses_years_that_nanoseconds_cannot_count) {
    EXPECT_EQ(parse_rfc3339("1677-12-31T23:59:59Z"), std::nullopt);
    EXPECT_EQ(parse_rfc3339("2262-01-01T00:00:00Z"), std::nullopt);
    EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), std::nullopt);
    EXPECT_NE(parse_rfc3339("1678-01-01T00:00:00+14:00"), std::nullopt);
    EXPECT_NE(parse_rfc3339("2261-12-31T23:59:59-14:00"), std::nullopt);
}

TEST(clock_rfc3339, refuses_what_is_no_time) {
    for (const auto* text : {"",
                             "2018-08-09",
                             "2018-08-09T",
                             "2018-08-09T09",
                             "2018-08-09T09:00",
                             "2018-08-09 09:00:00Z",
                             "2018-08-09T09:00:00z",
                             "2018-08-09T09:00:00ZZ",
                             "2018-08-09T09:00:00Z ",
                             " 2018-08-09T09:00:00Z",
                             "2018-8-09T09:00:00Z",
                             "2018-08-09T24:00:00Z",
                             "2018-08-09T09:60:00Z",
                             "2018-08-09T09:00:61Z",
                             "2018-08-09T09:00:00.Z",
                             "2018-08-09T09:00:00,5Z",
                             "2018-02-29T09:00:00Z",
                             "2018-13-01T09:00:00Z",
                             "2018-00-01T09:00:00Z",
                             "2018-08-32T09:00:00Z",
                             "2018-08-09T09:00:00+2:00",
                             "2018-08-09T09:00:00+0200",
                             "2018-08-09T09:00:00+15:00",
                             "2018-08-09T09:00:00+02:60",
                             "-018-08-09T09:00:00Z",
                             "2018-08-09T+9:00:00Z"})
        EXPECT_EQ(parse_rfc3339(text), std::nullopt) << '"' << text << '"';
}

TEST(clock_date, is_read_with_and_without_zone) {
    const sys_days expected{day_of_the_outage};
    EXPECT_EQ(parse_date("2018-08-09"), expected);
    EXPECT_EQ(parse_date("2018-08-09Z"), expected);
    EXPECT_EQ(parse_date("2018-08-09+02:00"), expected);
}

TEST(clock_date, knows_leap_years) {
    EXPECT_TRUE(parse_date("2016-02-29"));
    EXPECT_TRUE(parse_date("2000-02-29"));
    EXPECT_FALSE(parse_date("2018-02-29"));
    EXPECT_FALSE(parse_date("1900-02-29"));
}

TEST(clock_date, refuses_what_is_no_date) {
    for (const auto* text : {"", "2018", "2018-08", "2018-08-9", "18-08-09", "2018/08/09", "2018-04-31",
                             "2018-08-09T09:00:00Z", "2018-08-09 ", "09-08-2018"})
        EXPECT_EQ(parse_date(text), std::nullopt) << '"' << text << '"';
}

TEST(clock_http_date, is_an_imf_fixdate) {
    EXPECT_EQ(to_http_date(nine_o_clock), "Thu, 09 Aug 2018 09:00:00 GMT");
    // The example of RFC 9110.
    EXPECT_EQ(to_http_date(*parse_rfc3339("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(clock_http_date, drops_the_fraction) {
    EXPECT_EQ(to_http_date(nine_o_clock - 1ns), "Thu, 09 Aug 2018 08:59:59 GMT");
}

TEST(clock_now, is_after_this_was_written) {
    EXPECT_GT(wall_now(), nine_o_clock);
}

}  // namespace
}  // namespace garde
