// Power cuts at random moments: what was acknowledged stays, verification finds nothing, personal values open
// or are erased for good, and not one of the syncs can be left out.
#include "../../src/journal/line_reader.hpp"
#include "../../src/journal/log_file.hpp"
#include "../../src/journal/own_events.hpp"
#include "../../src/journal/verify.hpp"
#include "fake_disk.hpp"

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>

namespace garde::journal {
namespace {

using test::fake_disk;
using test::sync_kind;
using namespace std::chrono_literals;

const std::filesystem::path folder = "/journal";
const wall_time beginning = *parse_rfc3339("2026-01-01T00:00:00Z");

/// Segments of a few groups; personal values for two months. Every other world keeps all segments: the syncs
/// of those that are removed would else hide that another one is missing.
log_limits limits_of(std::uint32_t seed) {
    return {.segment_bytes = 3'000, .keep_segments = seed % 2 == 0 ? 4U : 0U, .keep_names_for = 60 * 24h};
}

/// Everything that was promised to callers over all lives of the process.
struct promises {
    log_limits limits;
    int next_id = 1;
    std::map<std::string, std::uint64_t> durable{};  ///< seq by id
    tree_head head{};
    std::int64_t names_erased_before = 0;
    wall_time now = beginning;
};

/// Of different lengths, so that lines begin and end anywhere in a sector; every fourth names somebody.
record numbered_record(int id, wall_time at = beginning) {
    record out{
        at,
        "switchover",
        {{"id", std::to_string(id)}, {"why", std::string(static_cast<std::size_t>(id * 7 % 50), 'x')}}};
    if (id % 4 == 0) out.attributes.emplace_back("by", "operator-" + std::to_string(id));
    return out;
}

/// What the journal's thread does after each group; false when the disk fails.
bool do_chores(log_file& log, promises& promised) {
    const auto due = log.due(promised.now);
    if (!due) return false;
    if (!due->empty() && log.commit(*due)) return false;
    if (log.tidy()) return false;
    promised.head = log.head();
    for (const auto& one : *due)
        if (one.event == event_names_erased)
            promised.names_erased_before = epoch_of(*parse_rfc3339(one.attributes.front().second));
    return true;
}

/// 2,000 records a second of virtual time, in groups of up to 20 ms; now and then a month goes by.
void live(fake_disk& disk, std::mt19937& random, promises& promised) {
    const auto log = log_file::open(disk, folder, promised.limits, promised.now);
    if (!log || (*log)->commit((*log)->findings())) return;
    while (disk.powered()) {
        std::vector<record> group;
        std::vector<std::string> ids;
        if (random() % 8 == 0) promised.now += 24h * (20 + random() % 20);
        for (auto count = 1 + random() % 40; count > 0; --count) {
            promised.now += 500us;
            ids.push_back(std::to_string(promised.next_id));
            group.push_back(numbered_record(promised.next_id++, promised.now));
        }
        auto seq = (*log)->head().size;
        if ((*log)->commit(group)) return;
        for (const auto& id : ids) promised.durable[id] = ++seq;
        promised.head = (*log)->head();
        // Not each time, so that there is more than one thing to remove.
        if (random() % 4 == 0 && !do_chores(**log, promised)) return;
    }
}

std::map<std::string, std::uint64_t> ids_on(fake_disk& disk) {
    std::map<std::string, std::uint64_t> out;
    std::istringstream lines(disk.log(folder));
    for (std::string text; std::getline(lines, text);)
        if (const auto line = read_line(text)) out[std::string(line->attribute("id"))] = line->seq;
    return out;
}

std::string what_is_lost(fake_disk& disk, const promises& promised, std::uint64_t removed) {
    const auto ids = ids_on(disk);
    for (const auto& [id, seq] : promised.durable) {
        if (seq <= removed) continue;
        const auto found = ids.find(id);
        if (found == ids.end()) return "acknowledged record " + id + " is lost";
        if (found->second != seq) return "acknowledged record " + id + " has another number";
    }
    return {};
}

/// What is wrong after the power came back; empty when all is well.
std::string violation_after_cut(fake_disk& disk, const promises& promised) {
    const auto head = load_head(disk, folder);
    if (promised.head.size > 0 && (!head || !*head)) return "the head is lost";
    if (promised.head.size > 0 && (*head)->edge.size() < promised.head.size)
        return "the head is older than an acknowledged record";
    const auto names = disk.list(folder);
    for (const auto& name : *names)
        if (name.starts_with("names-") && name.ends_with(".key") &&
            std::stoll(name.substr(6)) < promised.names_erased_before)
            return "an erased key is back: " + name;
    const auto log = log_file::open(disk, folder, promised.limits, promised.now);
    if (!log) return log.error().message;
    for (const auto& found : (*log)->findings())
        if (found.event != event_tail_cut) return "opening found " + found.event;
    if ((*log)->commit((*log)->findings())) return "the findings cannot be written";
    const auto verified = verify(disk, folder, {.checkpoint = promised.head});
    if (!verified) return verified.error().message;
    if (!verified->problems.empty()) return verified->problems.front();
    if (verified->names_sealed > 0) return "a key to personal values is lost";
    return what_is_lost(disk, promised, verified->records_removed);
}

std::string first_violation(std::uint32_t seed, std::optional<sync_kind> ignored) {
    constexpr int power_cuts = 5;
    fake_disk disk(seed);
    if (ignored) disk.ignore(*ignored);
    std::mt19937 random(seed);
    promises promised{.limits = limits_of(seed)};
    for (int cut = 0; cut < power_cuts; ++cut) {
        disk.cut_power_after(random() % 300);
        live(disk, random, promised);
        disk.power_on();
        if (auto violation = violation_after_cut(disk, promised); !violation.empty()) return violation;
    }
    return {};
}

TEST(journal_crash, two_hundred_power_cuts_under_load_break_no_promise) {
    for (std::uint32_t seed = 1; seed <= 40; ++seed)
        ASSERT_EQ(first_violation(seed, std::nullopt), "") << "seed " << seed;
}

TEST(journal_crash, power_cuts_tear_tails_that_opening_cuts) {
    int cut_tails = 0;
    for (std::uint32_t seed = 1; seed <= 400; ++seed) {
        fake_disk disk(seed);
        std::mt19937 random(seed);
        promises promised{.limits = limits_of(seed)};
        disk.cut_power_after(10 + random() % 100);
        live(disk, random, promised);
        disk.power_on();
        const auto log = log_file::open(disk, folder, promised.limits, promised.now);
        ASSERT_TRUE(log) << "seed " << seed;
        cut_tails += static_cast<int>((*log)->findings().size());
    }
    EXPECT_GT(cut_tails, 5);
}

class journal_without_a_sync : public testing::TestWithParam<sync_kind> {};

TEST_P(journal_without_a_sync, breaks_its_promise) {
    for (std::uint32_t seed = 1; seed <= 400; ++seed)
        if (!first_violation(seed, GetParam()).empty()) return;
    FAIL() << "no power cut shows that this sync is needed";
}

INSTANTIATE_TEST_SUITE_P(each, journal_without_a_sync,
                         testing::Values(sync_kind::lines, sync_kind::hashes, sync_kind::head_file,
                                         sync_kind::head_name, sync_kind::segment_name,
                                         sync_kind::segment_removal, sync_kind::values, sync_kind::volume_key,
                                         sync_kind::volume_name, sync_kind::key_removal, sync_kind::names_key,
                                         sync_kind::parent_folder),
                         [](const auto& of) {
                             switch (of.param) {
                                 case sync_kind::lines: return "lines";
                                 case sync_kind::hashes: return "hashes";
                                 case sync_kind::head_file: return "head_file";
                                 case sync_kind::head_name: return "head_name";
                                 case sync_kind::segment_name: return "segment_name";
                                 case sync_kind::segment_removal: return "segment_removal";
                                 case sync_kind::values: return "values";
                                 case sync_kind::volume_key: return "volume_key";
                                 case sync_kind::volume_name: return "volume_name";
                                 case sync_kind::key_removal: return "key_removal";
                                 case sync_kind::names_key: return "names_key";
                                 case sync_kind::parent_folder: return "parent_folder";
                                 case sync_kind::other: break;
                             }
                             return "";
                         });

/// Ids 3 and 4, of which the latter names somebody.
std::vector<record> group_of_two() {
    return {numbered_record(3), numbered_record(4)};
}

TEST(journal_failure, any_operation_may_fail_once_and_the_group_is_committed_by_trying_again) {
    for (std::uint64_t operation = 0;; ++operation) {
        SCOPED_TRACE(operation);
        fake_disk disk(1);
        const auto log = log_file::open(disk, folder, {.segment_bytes = 100}, beginning);
        ASSERT_TRUE(log);
        ASSERT_FALSE((*log)->commit(std::vector{numbered_record(1)}));
        disk.fail_once_after(operation);
        if (!(*log)->commit(group_of_two())) {
            ASSERT_GT(operation, 10U);
            return;  // the commit has fewer operations than that
        }
        ASSERT_TRUE(disk.has_failed());
        ASSERT_FALSE((*log)->commit(group_of_two()));
        ASSERT_FALSE((*log)->commit(std::vector{numbered_record(5)}));
        disk.cut_power_after(0);
        disk.power_on();
        EXPECT_EQ(ids_on(disk),
                  (std::map<std::string, std::uint64_t>{{"1", 1}, {"3", 2}, {"4", 3}, {"5", 4}}));
        const auto verified = verify(disk, folder);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->problems, std::vector<std::string>{});
        EXPECT_EQ(verified->records, 4U);
        EXPECT_EQ(verified->names_opened, 1U);
    }
}

TEST(journal_failure, what_a_full_disk_cut_is_taken_away_before_the_next_try) {
    for (std::uint64_t free_bytes = 0;; free_bytes += 13) {
        SCOPED_TRACE(free_bytes);
        fake_disk disk(1);
        const auto log = log_file::open(disk, folder, {}, beginning);
        ASSERT_TRUE(log);
        disk.set_free_bytes(free_bytes);
        const auto why = (*log)->commit(group_of_two());
        if (!why) {
            ASSERT_GT(free_bytes, 500U);
            return;  // there was room for all of it
        }
        ASSERT_EQ(why, std::errc::no_space_on_device);
        disk.set_free_bytes(fake_disk::never);
        ASSERT_FALSE((*log)->commit(group_of_two()));
        const auto verified = verify(disk, folder);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->problems, std::vector<std::string>{});
        EXPECT_EQ(verified->records, 2U);
        EXPECT_EQ(verified->names_opened, 1U);
    }
}

}  // namespace
}  // namespace garde::journal
