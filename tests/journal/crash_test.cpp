// Power cuts at random points: what was acknowledged stays, verification finds nothing, and not one of the
// syncs can be left out.
#include "../../src/journal/line_reader.hpp"
#include "../../src/journal/log_file.hpp"
#include "../../src/journal/verify.hpp"
#include "fake_disk.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace garde::journal {
namespace {

using test::fake_disk;
using test::sync_kind;

const std::filesystem::path folder = "/journal";
constexpr std::uint32_t seeds = 400;
constexpr int power_cuts = 5;

/// Everything that was promised to callers over all lives of the process.
struct promises {
    int next_id = 1;
    std::set<std::string> durable_ids;
    std::uint64_t durable_seq = 0;
};

record numbered_record(int id) {
    // Of different lengths, so that lines begin and end anywhere in a sector.
    return {wall_time{},
            "switchover",
            {{"id", std::to_string(id)}, {"why", std::string(static_cast<std::size_t>(id * 7 % 50), 'x')}}};
}

/// Opens, records what opening found, then commits groups until the power goes.
void live(fake_disk& disk, std::mt19937& random, promises& promised) {
    const auto log = log_file::open(disk, folder, wall_time{});
    if (!log || (*log)->commit((*log)->findings())) return;
    while (disk.powered()) {
        std::vector<record> group;
        std::vector<std::string> ids;
        for (auto count = 1 + random() % 4; count > 0; --count) {
            ids.push_back(std::to_string(promised.next_id));
            group.push_back(numbered_record(promised.next_id++));
        }
        if ((*log)->commit(group)) return;
        promised.durable_ids.insert(ids.begin(), ids.end());
        promised.durable_seq = (*log)->last().seq;
    }
}

std::set<std::string> ids_on(fake_disk& disk) {
    std::set<std::string> out;
    const auto file = disk.open(folder / log_name, open_mode::read);
    if (!file) return out;
    line_reader lines(**file);
    for (auto raw = lines.next(); raw && *raw; raw = lines.next())
        if (const auto line = read_line((*raw)->text)) out.emplace(line->attribute("id"));
    return out;
}

/// What is wrong after the power came back; empty when all is well.
std::string violation_after_cut(fake_disk& disk, const promises& promised) {
    if (promised.durable_seq > 0) {
        const auto head = load_head(disk, folder);
        if (!head || !*head) return "the head is lost";
        if ((*head)->seq < promised.durable_seq) return "the head is older than an acknowledged record";
    }
    const auto log = log_file::open(disk, folder, wall_time{});
    if (!log) return log.error().message;
    if ((*log)->commit((*log)->findings())) return "the findings cannot be written";
    const auto verified = verify(disk, folder);
    if (!verified) return verified.error().message;
    if (!verified->problems.empty()) return verified->problems.front();
    const auto ids = ids_on(disk);
    for (const auto& id : promised.durable_ids)
        if (!ids.contains(id)) return "acknowledged record " + id + " is lost";
    return {};
}

std::string first_violation(std::uint32_t seed, std::optional<sync_kind> ignored) {
    fake_disk disk(seed);
    if (ignored) disk.ignore(*ignored);
    std::mt19937 random(seed);
    promises promised;
    for (int cut = 0; cut < power_cuts; ++cut) {
        disk.cut_power_after(random() % 60);
        live(disk, random, promised);
        disk.power_on();
        if (auto violation = violation_after_cut(disk, promised); !violation.empty()) return violation;
    }
    return {};
}

TEST(journal_crash, keeps_every_acknowledged_record_over_power_cuts) {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed)
        ASSERT_EQ(first_violation(seed, std::nullopt), "") << "seed " << seed;
}

TEST(journal_crash, power_cuts_tear_tails_that_opening_cuts) {
    int cut_tails = 0;
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        fake_disk disk(seed);
        std::mt19937 random(seed);
        promises promised;
        disk.cut_power_after(10 + random() % 60);
        live(disk, random, promised);
        disk.power_on();
        const auto log = log_file::open(disk, folder, wall_time{});
        ASSERT_TRUE(log) << "seed " << seed;
        for (const auto& found : (*log)->findings()) {
            EXPECT_EQ(found.event, event_tail_cut) << "seed " << seed;
            ++cut_tails;
        }
    }
    EXPECT_GT(cut_tails, 10);
}

class journal_without_a_sync : public testing::TestWithParam<sync_kind> {};

TEST_P(journal_without_a_sync, breaks_its_promise) {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed)
        if (!first_violation(seed, GetParam()).empty()) return;
    FAIL() << "no power cut shows that this sync is needed";
}

INSTANTIATE_TEST_SUITE_P(each, journal_without_a_sync,
                         testing::Values(sync_kind::log_data, sync_kind::head_file, sync_kind::folder,
                                         sync_kind::parent_folder),
                         [](const auto& of) {
                             switch (of.param) {
                                 case sync_kind::log_data: return "log_data";
                                 case sync_kind::head_file: return "head_file";
                                 case sync_kind::folder: return "folder";
                                 case sync_kind::parent_folder: return "parent_folder";
                             }
                             return "";
                         });

TEST(journal_failure, any_operation_may_fail_once_and_the_group_is_committed_by_trying_again) {
    for (std::uint64_t operation = 0;; ++operation) {
        SCOPED_TRACE(operation);
        fake_disk disk(1);
        const auto log = log_file::open(disk, folder, wall_time{});
        ASSERT_TRUE(log);
        ASSERT_FALSE((*log)->commit(std::vector{numbered_record(1)}));
        const std::vector group{numbered_record(2), numbered_record(3)};
        disk.fail_once_after(operation);
        if (!(*log)->commit(group)) {
            ASSERT_GT(operation, 4U);
            return;  // the commit has fewer operations than that
        }
        ASSERT_TRUE(disk.has_failed());
        ASSERT_FALSE((*log)->commit(group));
        ASSERT_FALSE((*log)->commit(std::vector{numbered_record(4)}));
        disk.cut_power_after(0);
        disk.power_on();
        EXPECT_EQ(ids_on(disk), (std::set<std::string>{"1", "2", "3", "4"}));
        const auto verified = verify(disk, folder);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->problems, std::vector<std::string>{});
        EXPECT_EQ(verified->records, 4U);
    }
}

TEST(journal_failure, a_line_that_a_full_disk_cut_is_taken_away_before_the_next_try) {
    for (std::uint64_t free_bytes = 0;; free_bytes += 13) {
        SCOPED_TRACE(free_bytes);
        fake_disk disk(1);
        const auto log = log_file::open(disk, folder, wall_time{});
        ASSERT_TRUE(log);
        const std::vector group{numbered_record(1), numbered_record(2)};
        disk.set_free_bytes(free_bytes);
        const auto why = (*log)->commit(group);
        if (!why) {
            ASSERT_GT(free_bytes, 500U);
            return;  // there was room for lines and head
        }
        ASSERT_EQ(why, std::errc::no_space_on_device);
        disk.set_free_bytes(fake_disk::never);
        ASSERT_FALSE((*log)->commit(group));
        const auto verified = verify(disk, folder);
        ASSERT_TRUE(verified);
        EXPECT_EQ(verified->problems, std::vector<std::string>{});
        EXPECT_EQ(verified->records, 2U);
    }
}

}  // namespace
}  // namespace garde::journal
