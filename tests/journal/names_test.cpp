// Personal values: committed to in the log, sealed beside it, opened with the key, erased for good; and the
// log holds all the while.
#include "garde/base/sealing.hpp"
#include "garde/journal/reading.hpp"

#include "../../src/journal/names_reader.hpp"
#include "../../src/journal/names_volume.hpp"
#include "log_maker.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace garde::journal {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

const wall_time january = *parse_rfc3339("2026-01-15T00:00:00Z");

record order(std::string by, wall_time at = january) {
    return {at, "override", {{"mode", "backup"}, {"by", std::move(by)}, {"reason", "rehearsal"}}};
}

class journal_names : public testing::Test {
  protected:
    std::vector<shown_record> shown() {
        std::vector<shown_record> out;
        record_reader reader(folder_, {}, 1);
        for (auto next = reader.next(); next && *next; next = reader.next()) out.push_back(**std::move(next));
        return out;
    }
    std::string by_of(std::size_t index) {
        const auto all = shown();
        if (index >= all.size()) return "(no such record)";
        for (const auto& [name, value] : all[index].attributes)
            if (name == "by") return value;
        return "(none)";
    }
    verification verified() {
        const auto found = verify(folder_);
        EXPECT_TRUE(found) << found.error().message;
        return found.value_or(verification{});
    }
    std::vector<std::filesystem::path> files(std::string_view ending) {
        std::vector<std::filesystem::path> out;
        for (const auto& one : std::filesystem::directory_iterator(folder_))
            if (one.path().filename().string().starts_with("names-") && one.path().string().ends_with(ending))
                out.push_back(one.path());
        return out;
    }

    test::temporary_folder parent_;
    std::filesystem::path folder_ = parent_.path() / "journal";
};

TEST_F(journal_names, are_nowhere_in_the_open_and_shown_to_who_has_the_key) {
    test::write_log(folder_, {{order("operator-a"), order("garde")}, {order("operator-b")}});
    for (const auto& one : std::filesystem::directory_iterator(folder_))
        EXPECT_THAT(test::read_file(one.path()), Not(HasSubstr("operator-"))) << one.path();
    EXPECT_EQ(by_of(0), "operator-a");
    EXPECT_EQ(by_of(1), "garde");
    EXPECT_EQ(by_of(2), "operator-b");
    EXPECT_THAT(verified().problems, IsEmpty());
    EXPECT_EQ(verified().names_opened, 2U);
}

TEST_F(journal_names, two_records_of_one_operator_have_nothing_in_common) {
    test::write_log(folder_, {{order("operator-a"), order("operator-a")}});
    const auto lines = test::records_in(test::log_text(folder_));
    EXPECT_NE(lines[0].hidden[0].second, lines[1].hidden[0].second);
}

TEST_F(journal_names, stay_sealed_without_the_key_and_the_log_holds) {
    test::write_log(folder_, {{order("operator-a")}});
    std::filesystem::rename(folder_ / "names.key", parent_.path() / "elsewhere");
    EXPECT_EQ(by_of(0), "(sealed)");
    EXPECT_THAT(verified().problems, IsEmpty());
    EXPECT_EQ(verified().names_sealed, 1U);
    const auto with_key = verify(folder_, {.names_key = parent_.path() / "elsewhere"});
    EXPECT_EQ(with_key->names_opened, 1U);
}

TEST_F(journal_names, another_key_begins_another_volume_and_leaves_the_former_to_the_former_key) {
    test::write_log(folder_, {{order("operator-a")}});
    std::filesystem::rename(folder_ / "names.key", parent_.path() / "former");
    test::write_log(folder_, {{order("operator-b")}});
    EXPECT_THAT(files(".key"), SizeIs(2));
    EXPECT_EQ(by_of(0), "(sealed)");
    EXPECT_EQ(by_of(1), "operator-b");
    EXPECT_THAT(verified().problems, IsEmpty());
    const auto former = verify(folder_, {.names_key = parent_.path() / "former"});
    EXPECT_EQ(former->names_opened, 1U);
    EXPECT_EQ(former->names_sealed, 1U);
}

TEST_F(journal_names, a_configured_key_is_not_made_but_used) {
    const log_limits limits{.names_key = parent_.path() / "own.key"};
    posix_file_layer disk;
    const auto refused = log_file::open(disk, folder_, limits, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("own.key"));
    test::write_file(parent_.path() / "own.key", std::string(64, 'a') + "\n");
    test::write_log(folder_, {{order("operator-a")}}, limits);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "names.key"));
    EXPECT_EQ(verify(folder_, {.names_key = parent_.path() / "own.key"})->names_opened, 1U);
}

TEST_F(journal_names, a_key_file_that_is_none_is_told_and_not_overwritten) {
    std::filesystem::create_directory(folder_);
    test::write_file(folder_ / "names.key", "something");
    posix_file_layer disk;
    const auto refused = log_file::open(disk, folder_, {}, {});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("names.key is not a key of 64 hexadecimal digits"));
    EXPECT_EQ(test::read_file(folder_ / "names.key"), "something");
}

TEST_F(journal_names, values_that_are_not_what_the_log_commits_to_are_found) {
    test::write_log(folder_, {{order("operator-a")}});
    posix_file_layer disk;
    const auto key = load_names_key(disk, folder_ / "names.key");
    const volume which{epoch_of(january), 0};
    const auto volume_key = unwrap_key(which, **key, test::read_file(folder_ / which.key_name()));
    ASSERT_TRUE(volume_key);
    const record_values forged{1, which.epoch, {{"by", std::string(salt_bytes, 'x'), "operator-z"}}};
    test::write_file(folder_ / which.values_name(), seal_values(which, *volume_key, forged) + "\n");
    EXPECT_EQ(by_of(0), "(does not fit the log)");
    EXPECT_THAT(verified().problems,
                ElementsAre("log-00000000000000000001.jsonl:1: \"by\" of record 1 is not what "
                            "the record commits to"));
}

TEST_F(journal_names, values_that_are_gone_without_a_record_of_it_are_found) {
    test::write_log(folder_, {{order("operator-a"), order("operator-b")}});
    for (const auto& one : files("")) std::filesystem::remove(one);
    EXPECT_EQ(by_of(0), "(erased)");
    EXPECT_THAT(
        verified().problems,
        ElementsAre("log-00000000000000000001.jsonl:1: 2 personal values from here on are missing, and no "
                    "record says that they were erased"));
}

TEST_F(journal_names, are_erased_by_order_and_everything_else_holds) {
    const auto before =
        test::write_log(folder_, {{order("operator-a")}, {order("operator-b", january + 70 * 24h)}});
    const auto proof = prove(folder_, 1, std::nullopt);
    const auto now = january + 71 * 24h;
    test::write_log(folder_, {{names_erased_record(now, january + 40 * 24h, "operator-b", "asked for")}});
    EXPECT_EQ(by_of(0), "(erased)");
    EXPECT_EQ(by_of(1), "operator-b");
    EXPECT_EQ(by_of(2), "operator-b") << "who ordered it";
    EXPECT_THAT(files(".key"), SizeIs(1));
    EXPECT_THAT(files(".jsonl"), SizeIs(1));
    const auto found = verify(folder_, {.checkpoint = before});
    EXPECT_THAT(found->problems, IsEmpty());
    EXPECT_EQ(found->names_erased, 1U);
    EXPECT_EQ(found->names_opened, 2U);
    EXPECT_TRUE(verify_inclusion(tree_hasher().leaf(proof->leaf), 0, before, proof->path));
    EXPECT_EQ(prove(folder_, 1, before.size)->path, proof->path);
}

TEST_F(journal_names, that_are_younger_than_the_order_says_are_left) {
    test::write_log(folder_, {{order("operator-a")}});
    test::write_log(folder_, {{names_erased_record(january + 1h, january + 1h, "operator-b", "asked for")}});
    EXPECT_EQ(by_of(0), "operator-a");
}

TEST_F(journal_names, do_not_come_back_with_a_clock_that_is_set_back) {
    test::write_log(folder_, {{names_erased_record(january + 90 * 24h, january + 60 * 24h, "garde", "")}});
    test::write_log(folder_, {{order("operator-a")}});
    EXPECT_EQ(by_of(1), "(erased)");
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(journal_names, are_erased_when_their_time_is_over) {
    const log_limits year{.keep_names_for = 365 * 24h};
    test::write_log(folder_, {{order("operator-a")}}, year, january);
    EXPECT_EQ(by_of(0), "operator-a");
    test::write_log(folder_, {{order("operator-b", january + 400 * 24h)}}, year, january + 400 * 24h);
    EXPECT_EQ(by_of(0), "(erased)");
    EXPECT_EQ(by_of(1), "operator-b");
    const auto all = shown();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].event, "names-erased");
    EXPECT_THAT(all[2].attributes, Contains(Pair("by", "garde")));
    EXPECT_THAT(verified().problems, IsEmpty());
}

TEST_F(journal_names, of_a_write_that_was_cut_off_are_taken_away) {
    test::write_log(folder_, {{order("operator-a")}});
    const auto file = files(".jsonl").at(0);
    const auto good = test::read_file(file);
    const volume which{epoch_of(january), 0};
    std::string behind;
    for (std::uint64_t seq = 2; seq < 400; ++seq)
        behind +=
            seal_values(which, make_sealing_key(), {seq, which.epoch, {{"by", "salt", "somebody"}}}) + "\n";
    for (const auto& rest :
         {behind, behind + "{\"seq\":1", std::string("\n\0\n", 3) + behind, std::string("x")}) {
        test::write_file(file, good + rest);
        test::write_log(folder_, {});
        EXPECT_EQ(test::read_file(file), good);
    }
    test::write_file(file, behind);
    test::write_log(folder_, {});
    EXPECT_EQ(test::read_file(file), "");
}

TEST_F(journal_names, reading_goes_on_where_it_stopped) {
    test::write_log(folder_, {{order("operator-a")}});
    record_reader reader(folder_, {}, 1);
    ASSERT_TRUE(*reader.next());
    EXPECT_FALSE(*reader.next());
    test::write_log(folder_, {{order("operator-b"), order("operator-c", january + 60 * 24h)}},
                    {.segment_bytes = 1});
    const auto second = reader.next();
    ASSERT_TRUE(second && *second);
    EXPECT_THAT((*second)->attributes, Contains(Pair("by", "operator-b")));
    const auto third = reader.next();
    ASSERT_TRUE(third && *third);
    EXPECT_THAT((*third)->attributes, Contains(Pair("by", "operator-c")));
    EXPECT_FALSE(*reader.next());
}

}  // namespace
}  // namespace garde::journal
