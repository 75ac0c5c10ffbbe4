// conf/garde.toml documents every setting, and the defaults that it shows are the defaults.
#include "../../src/config/units.hpp"
#include "../support/fixtures.hpp"
#include "support.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace garde::config {
namespace {

using namespace testing_support;

std::string shipped() {
    std::ifstream in(test::fixtures() / "../../conf/garde.toml", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The table whose settings this one has, too.
std::string canonical(const std::string& table) {
    return table == "service.backend.probe" || table == "service.shallow_probe" ? "service.probe" : table;
}

/// What the file sets and what it shows as a comment, as table.key → value; of repeated tables the first
/// counts.
struct documented {
    std::map<std::string, std::string> set;
    std::map<std::string, std::string> shown;
};

documented read_documented(const std::string& text) {
    documented out;
    std::string table;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const bool comment = line.starts_with("# ");
        if (comment) line.erase(0, 2);
        if (line.starts_with('[')) {
            table = line.substr(line.find_last_of('[', 1) + 1);
            table = canonical(table.substr(0, table.find(']')));
        }
        const auto middle = line.find(" = ");
        if (middle == std::string::npos) continue;
        const auto key = line.substr(0, middle);
        const auto plain = [](unsigned char c) {
            return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
        };
        if (!std::ranges::all_of(key, plain)) continue;
        (comment ? out.shown : out.set).emplace(fmt::format("{}.{}", table, key), line.substr(middle + 3));
    }
    return out;
}

std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}
std::string quoted(std::chrono::milliseconds value) {
    return quoted(duration_text(value));
}

std::string listed(const std::vector<int>& percentages) {
    std::vector<std::string> out;
    for (const int one : percentages) out.push_back(quoted(percentage_text(one)));
    return fmt::format("[{}]", fmt::join(out, ", "));
}

std::map<std::string, std::string> true_defaults() {
    const settings all;
    const limits_settings limits;
    const probe_settings probe;
    const switchover_settings switchover;
    const cache_settings cache;
    const procedure_settings procedure;
    return {{"node.workers", std::to_string(all.workers)},
            {"node.log_level", quoted(all.log_level)},
            {"node.drain_time", quoted(all.drain_time)},
            {"limits.head_bytes", quoted(size_text(limits.head_bytes))},
            {"limits.body_bytes", quoted(size_text(limits.body_bytes))},
            {"limits.commit_bytes", quoted(size_text(limits.commit_bytes))},
            {"limits.connections", std::to_string(limits.connections)},
            {"limits.connections_per_caller", std::to_string(limits.connections_per_caller)},
            {"limits.requests", std::to_string(limits.requests)},
            {"limits.requests_per_service", std::to_string(limits.requests_per_service)},
            {"limits.requests_per_caller", std::to_string(limits.requests_per_caller)},
            {"limits.buffer_bytes", quoted(size_text(limits.buffer_bytes))},
            {"limits.body_rate", quoted(size_text(limits.body_rate))},
            {"limits.handshake_time", quoted(limits.handshake_time)},
            {"limits.head_time", quoted(limits.head_time)},
            {"limits.body_time", quoted(limits.body_time)},
            {"limits.idle_time", "\"75s\""},
            {"limits.write_time", quoted(limits.write_time)},
            {"cache_store.bytes", quoted(size_text(sealed_store_settings().bytes))},
            {"ledger.bytes", quoted(size_text(sealed_store_settings().bytes))},
            {"journal.checkpoints.every", quoted(checkpoint_settings().every)},
            {"journal.segment_bytes", quoted(size_text(all.journal.segment_bytes))},
            {"journal.keep_segments", std::to_string(all.journal.keep_segments)},
            {"journal.keep_for", "\"forever\""},
            {"journal.keep_names_for", quoted(*all.journal.keep_names_for)},
            {"assertions.skew", quoted(caller::assertion_rules().skew)},
            {"self_check.interval", quoted(self_check_settings().interval)},
            {"self_check.timeout", quoted(self_check_settings().timeout)},
            {"service.probe.rise", std::to_string(probe.rise)},
            {"service.probe.fall", std::to_string(probe.fall)},
            {"service.switchover.attempt_timeout", quoted(switchover.attempt_timeout)},
            {"service.switchover.exchange_timeout", quoted(switchover.exchange_timeout)},
            {"service.switchover.connect_timeout", quoted(switchover.connect_timeout)},
            {"service.switchover.retry_budget", quoted(percentage_text(switchover.retry_budget))},
            {"service.switchover.hedge", switchover.hedge ? "true" : "false"},
            {"service.switchover.when_all_fail",
             quoted(switchover.when_all_fail == all_down_policy::try_anyway ? "try" : "procedure")},
            {"service.switchover.distinct_callers", std::to_string(switchover.distinct_callers)},
            {"service.switchover.failure_rate", quoted(percentage_text(switchover.failure_rate))},
            {"service.switchover.failure_window", quoted(switchover.failure_window)},
            {"service.switchover.failure_volume", std::to_string(switchover.failure_volume)},
            {"service.switchover.slow_factor", std::to_string(switchover.slow_factor)},
            {"service.switchover.longest_ejection", quoted(switchover.longest_ejection)},
            {"service.switchover.domain_window", quoted(switchover.domain_window)},
            {"service.switchover.trial_interval", quoted(switchover.trial_interval)},
            {"service.switchover.longest_hold_down", quoted(switchover.longest_hold_down)},
            {"service.switchover.canary", listed(switchover.canary)},
            {"service.switchover.canary_step", quoted(switchover.canary_step)},
            {"service.switchover.ramp_step", quoted(switchover.ramp_step)},
            {"service.switchover.switchovers_per_hour", std::to_string(switchover.switchovers_per_hour)},
            {"service.switchover.procedure_closes", "\"0s\""},
            {"service.switchover.min_dwell", quoted(switchover.min_dwell)},
            {"service.switchover.ejection_time", quoted(switchover.ejection_time)},
            {"service.switchover.traffic_fall", std::to_string(switchover.traffic_fall)},
            {"service.switchover.replay_detection", switchover.replay_detection ? "true" : "false"},
            {"service.cache.memory_bytes", quoted(size_text(cache.memory_bytes))},
            {"service.cache.entry_bytes", quoted(size_text(cache.entry_bytes))},
            {"service.cache.max_age", quoted(cache.max_age)},
            {"service.cache.success_status", fmt::format("[\"{}\"]", cache.success_status.at(0))},
            {"service.cache.success_return", fmt::format("[\"{}\"]", cache.success_return.at(0))},
            {"service.procedure.default_language", quoted(procedure.default_language)},
            {"service.procedure.retry_after", quoted(procedure.retry_after)}};
}

TEST(documentation, defaults_that_are_shown_are_the_defaults) {
    const auto found = read_documented(shipped());
    for (const auto& [setting, value] : true_defaults()) {
        ASSERT_TRUE(found.shown.contains(setting)) << setting << " is not shown";
        EXPECT_EQ(found.shown.at(setting), value) << setting;
    }
}

/// Every setting that the loader knows, as table.key: an unknown one in each table makes it tell.
std::set<std::string> known_settings() {
    constexpr std::string_view unknown = "zzzzzzzzzzzzzzzzzzzzzzzz = 0\n";
    constexpr std::string_view mark = " knows: ";
    std::string text;
    std::istringstream lines(shipped());
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# [")) line.erase(0, 2);  // a table that the file only shows
        text += line + "\n";
        if (line.starts_with('[')) text += unknown;
    }
    const workspace here;
    std::set<std::string> out;
    for (const auto& each : here.problems_of(text)) {
        const auto at = each.instead.find(mark);
        if (at == std::string::npos) continue;
        const auto begin = each.instead.find_first_of('[');
        auto table = each.instead.substr(begin, each.instead.find(']') - begin);
        table.erase(0, table.find_first_not_of('['));
        std::istringstream keys(each.instead.substr(at + mark.size()));
        for (std::string key; keys >> key;) out.insert(canonical(table) + "." + key.substr(0, key.find(',')));
    }
    return out;
}

TEST(documentation, every_setting_stands_in_the_shipped_file) {
    const auto found = read_documented(shipped());
    const auto text = shipped();
    const auto known = known_settings();
    EXPECT_GT(known.size(), 70u) << "the list of settings could not be read from the messages";
    for (const auto& setting : known) {
        const bool table = text.find("[" + setting + "]") != std::string::npos;
        EXPECT_TRUE(table || found.set.contains(setting) || found.shown.contains(setting)) << setting;
    }
}

TEST(documentation, nothing_that_is_shown_is_unknown) {
    const auto known = known_settings();
    for (const auto& [setting, value] : read_documented(shipped()).shown)
        EXPECT_TRUE(known.contains(setting)) << setting;
}

}  // namespace
}  // namespace garde::config
