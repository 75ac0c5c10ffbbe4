// [service.switchover]: what is read, what is refused, and with which words.
#include "support.hpp"

#include <gtest/gtest.h>

namespace garde::config {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto heading = "[service.switchover]\n";

/// The only problem of a configuration with these lines in [service.switchover] is an error in the last of
/// them.
void expect_switchover_error(const std::string& lines, const std::string& what, const std::string& instead) {
    const workspace here;
    const auto text = changed(heading, heading + lines + "\n");
    const auto last = lines.substr(lines.rfind('\n') + 1);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, last), what, instead))) << lines;
}

switchover_settings read_back(const std::string& lines) {
    const workspace here;
    const auto got = here.load_good(changed(heading, heading + lines + "\n"));
    return got ? got->services.at(0).switchover : switchover_settings();
}

/// The only problem of a configuration with this one change is an error in the line of `new_text`.
void expect_error(const std::string& old_text, const std::string& new_text, const std::string& what,
                  const std::string& instead) {
    const workspace here;
    const auto text = changed(old_text, new_text);
    EXPECT_THAT(here.problems_of(text), ElementsAre(error_at(line_of(text, new_text), what, instead)))
        << new_text;
}

TEST(switchover, every_setting_reaches_its_place) {
    const auto got = read_back(R"(retry_budget = "7%"
hedge = true
when_all_fail = "procedure"
distinct_callers = 9
failure_rate = "33%"
failure_window = "17s"
failure_volume = 41
slow_factor = 8
longest_ejection = "16m"
domain_window = "19s"
trial_interval = "230ms"
longest_hold_down = "29m"
canary = ["1%", "99%"]
canary_step = "31s"
ramp_step = "370ms"
switchovers_per_hour = 43
procedure_closes = "47m")");
    EXPECT_EQ(got.retry_budget, 7);
    EXPECT_TRUE(got.hedge);
    EXPECT_EQ(got.when_all_fail, all_down_policy::procedure);
    EXPECT_EQ(got.distinct_callers, 9);
    EXPECT_EQ(got.failure_rate, 33);
    EXPECT_EQ(got.failure_window, 17s);
    EXPECT_EQ(got.failure_volume, 41);
    EXPECT_EQ(got.slow_factor, 8);
    EXPECT_EQ(got.longest_ejection, 16min);
    EXPECT_EQ(got.domain_window, 19s);
    EXPECT_EQ(got.trial_interval, 230ms);
    EXPECT_EQ(got.longest_hold_down, 29min);
    EXPECT_THAT(got.canary, ElementsAre(1, 99));
    EXPECT_EQ(got.canary_step, 31s);
    EXPECT_EQ(got.ramp_step, 370ms);
    EXPECT_EQ(got.switchovers_per_hour, 43);
    EXPECT_EQ(got.procedure_closes, 47min);
}

TEST(switchover, what_may_be_switched_off) {
    const auto got = read_back("failure_rate = \"0%\"\nslow_factor = 0\ncanary = []\nretry_budget = \"0%\"");
    EXPECT_EQ(got.failure_rate, 0);
    EXPECT_EQ(got.slow_factor, 0);
    EXPECT_THAT(got.canary, IsEmpty());
    EXPECT_EQ(got.retry_budget, 0);
}

TEST(switchover, the_procedure_closes_when_an_operator_says_so) {
    EXPECT_EQ(read_back("procedure_closes = \"by-operator\"").procedure_closes, std::nullopt);
    EXPECT_EQ(read_back("").procedure_closes, 0ms);
    expect_switchover_error("procedure_closes = \"by operator\"", "is not a duration", "or \"by-operator\"");
    expect_switchover_error("procedure_closes = \"31d\"", "\"31d\" is out of range", "30d");
}

TEST(switchover, a_percentage_is_written_as_one) {
    expect_switchover_error("failure_rate = 50", "must be a percentage in quotes, not an integer", "\"25%\"");
    expect_switchover_error("failure_rate = 0.5", "must be a percentage in quotes, not a fraction",
                            "\"25%\"");
    expect_switchover_error("failure_rate = \"half\"", "\"half\", which is not a percentage",
                            "failure_rate = \"25%\"");
    expect_switchover_error("retry_budget = \"101%\"", "\"101%\", which is out of range", "from 0% to 100%");
}

TEST(switchover, canary_shares_grow) {
    expect_switchover_error("canary = [\"5%\", \"50%\", \"25%\"]", "has 25% after 50%",
                            "smallest to the largest");
    expect_switchover_error("canary = [\"5%\", \"5%\"]", "has 5% after 5%", "smallest to the largest");
    expect_switchover_error("canary = [\"0%\"]", "\"0%\", which is out of range", "from 1% to 99%");
    expect_switchover_error("canary = [\"100%\"]", "\"100%\", which is out of range", "from 1% to 99%");
    expect_switchover_error("canary = [5, 25]", "must be a percentage in quotes, not an integer", "[\"5%\"");
    expect_switchover_error("canary = \"5%\"", "must be an array of percentages", "[\"5%\"");
    expect_switchover_error(
        "canary = [\"1%\",\"2%\",\"3%\",\"4%\",\"5%\",\"6%\",\"7%\",\"8%\",\"9%\",\"10%\",\"11%\"]",
        "has 11 percentages", "at most 10");
}

TEST(switchover, bounds_that_are_shorter_than_what_they_bound) {
    expect_error("degraded_hold_down = \"3s\"", "longest_hold_down = \"9s\"",
                 "\"9s\" is shorter than hold_down = \"10s\"", "write at least \"10s\"");
    expect_switchover_error("longest_ejection = \"9s\"", "\"9s\" is shorter than ejection_time = \"10s\"",
                            "write at least \"10s\"");
}

TEST(switchover, a_bound_that_is_not_written_follows_what_it_bounds) {
    EXPECT_EQ(read_back("ejection_time = \"1h\"").longest_ejection, 1h);
    const workspace here;
    const auto got = here.load_good(changed("hold_down = \"10s\"", "hold_down = \"20m\""));
    ASSERT_TRUE(got);
    EXPECT_EQ(got->services.at(0).switchover.longest_hold_down, 20min);
}

TEST(switchover, settings_that_another_one_switches_off) {
    expect_switchover_error("failure_rate = \"0%\"\nfailure_window = \"5s\"", "failure_window has no use",
                            "write a failure_rate");
    expect_switchover_error("failure_rate = \"0%\"\nfailure_volume = 5", "failure_volume has no use",
                            "write a failure_rate");
    expect_switchover_error("canary = []\ncanary_step = \"5s\"", "canary_step has no use",
                            "write e.g. canary");
    expect_switchover_error("retry_budget = \"0%\"\nhedge = true", "retry_budget = \"0%\" forbids it",
                            "remove hedge");
}

TEST(switchover, a_backend_is_not_down_for_being_slower_than_usual) {
    expect_switchover_error("slow_factor = 1", "as soon as it is slower than usual", "better 5");
}

TEST(switchover, hedging_needs_a_second_backend_and_a_route_that_allows_it) {
    const workspace here;
    auto text = changed("replay_safe = true\n", "");
    text = changed(text, heading, std::string(heading) + "hedge = true\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "hedge"), "may be sent twice", "replay_safe = true")));
    text = changed(heading, std::string(heading) + "hedge = true\n");
    const auto backup = text.find("[[service.backend]]");
    text.erase(backup, text.find("[[service.backend]]", backup + 1) - backup);
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "hedge"), "no second backend", "add a backup")));
}

TEST(switchover, the_procedure_must_be_there_to_be_handed_out) {
    const workspace here;
    auto text = changed(
        "[service.procedure]\nfolder = \".\"\nname = \"assurability\"\nenvironment = \"Acceptation\"\n", "");
    text = changed(text, heading, std::string(heading) + "when_all_fail = \"procedure\"\n");
    EXPECT_THAT(here.problems_of(text),
                ElementsAre(error_at(line_of(text, "when_all_fail"), "no procedure to hand out",
                                     "add [service.procedure]")));
}

TEST(switchover, an_attempt_longer_than_the_exchange) {
    expect_error("hold_down = \"10s\"", "attempt_timeout = \"11s\"\nhold_down = \"10s\"",
                 "longer than exchange_timeout", "at least one attempt");
}

TEST(switchover, an_exchange_shorter_than_the_default_attempt) {
    expect_error("hold_down = \"10s\"", "exchange_timeout = \"2s\"\nhold_down = \"10s\"",
                 "longer than exchange_timeout", "");
}

TEST(switchover, a_connect_longer_than_the_attempt) {
    expect_error("hold_down = \"10s\"", "connect_timeout = \"4s\"\nhold_down = \"10s\"",
                 "longer than attempt_timeout", "shorten connect_timeout");
}

TEST(switchover, leaving_degraded_may_not_wait_longer_than_leaving_a_backup) {
    expect_error("degraded_hold_down = \"3s\"", "degraded_hold_down = \"11s\"", "longer than hold_down",
                 "shorten");
}

}  // namespace
}  // namespace garde::config
