// The text format, to the byte.
#include "garde/telemetry/openmetrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace garde::telemetry {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(openmetrics, an_empty_text_is_ended) {
    EXPECT_EQ(openmetrics_writer().finish(), "# EOF\n");
}

TEST(openmetrics, a_counter_and_a_gauge) {
    openmetrics_writer out;
    out.family(metric_type::counter, "garde_tries", "Tries.");
    out.counter(std::array{label{"a", "x"}, label{"b", "y"}}, std::uint64_t{18446744073709551615U});
    out.family(metric_type::gauge, "garde_open", "Open.");
    out.gauge({}, std::uint64_t{7});
    EXPECT_EQ(std::move(out).finish(),
              "# TYPE garde_tries counter\n# HELP garde_tries Tries.\n"
              "garde_tries_total{a=\"x\",b=\"y\"} 18446744073709551615\n"
              "# TYPE garde_open gauge\n# HELP garde_open Open.\n"
              "garde_open 7\n# EOF\n");
}

TEST(openmetrics, a_unit_ends_the_name) {
    openmetrics_writer out;
    out.family(metric_type::counter, "process_cpu", "CPU.", "seconds");
    out.counter({}, 1.25);
    EXPECT_EQ(std::move(out).finish(),
              "# TYPE process_cpu_seconds counter\n# UNIT process_cpu_seconds seconds\n"
              "# HELP process_cpu_seconds CPU.\nprocess_cpu_seconds_total 1.25\n# EOF\n");
}

TEST(openmetrics, an_info_and_a_stateset) {
    constexpr std::array<std::string_view, 2> states{"up", "down"};
    openmetrics_writer out;
    out.family(metric_type::info, "garde_build", "Build.");
    out.info(std::array{label{"version", "1"}});
    out.family(metric_type::stateset, "garde_verdict", "Verdict.");
    out.stateset(std::array{label{"backend", "dc1"}}, states, "down");
    EXPECT_EQ(std::move(out).finish(),
              "# TYPE garde_build info\n# HELP garde_build Build.\ngarde_build_info{version=\"1\"} 1\n"
              "# TYPE garde_verdict stateset\n# HELP garde_verdict Verdict.\n"
              "garde_verdict{backend=\"dc1\",garde_verdict=\"up\"} 0\n"
              "garde_verdict{backend=\"dc1\",garde_verdict=\"down\"} 1\n# EOF\n");
}

TEST(openmetrics, a_histogram_adds_up_from_bucket_to_bucket) {
    duration_histogram times;
    times.record(400us);
    times.record(600us);
    times.record(90s);
    histogram_values read;
    times.add_to(read);
    openmetrics_writer out;
    out.family(metric_type::histogram, "garde_time", "Time.", "seconds");
    out.histogram(std::array{label{"service", "a"}}, read);
    const std::string text = std::move(out).finish();
    EXPECT_THAT(text, HasSubstr("garde_time_seconds_bucket{service=\"a\",le=\"0.0005\"} 1\n"
                                "garde_time_seconds_bucket{service=\"a\",le=\"0.001\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("{service=\"a\",le=\"1.0\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("{service=\"a\",le=\"60.0\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("{service=\"a\",le=\"+Inf\"} 3\n"
                                "garde_time_seconds_count{service=\"a\"} 3\n"
                                "garde_time_seconds_sum{service=\"a\"} 90.001\n"));
}

TEST(openmetrics, label_values_cannot_break_out) {
    openmetrics_writer out;
    out.family(metric_type::gauge, "garde_x", "A \"help\"\nwith \\ all.");
    out.gauge(std::array{label{"name", "a\"} 1\nevil 2\n\\"}}, std::uint64_t{1});
    const std::string text = std::move(out).finish();
    EXPECT_THAT(text, HasSubstr("# HELP garde_x A \\\"help\\\"\\nwith \\\\ all.\n"));
    EXPECT_THAT(text, HasSubstr("garde_x{name=\"a\\\"} 1\\nevil 2\\n\\\\\"} 1\n"));
    EXPECT_THAT(text, Not(HasSubstr("\nevil")));
}

}  // namespace
}  // namespace garde::telemetry
