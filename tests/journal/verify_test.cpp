// What verification prints for each kind of tampering, on real files.
#include "garde/journal/journal.hpp"

#include "../../src/journal/chain.hpp"
#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

namespace garde::journal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

/// A log of 20 records, taken apart into lines.
class journal_verify : public testing::Test {
  protected:
    journal_verify() {
        link last;
        for (int i = 1; i <= 20; ++i) {
            auto line = make_line(last, record_number(i));
            lines_.push_back(line.text);
            links_.push_back(last = line.now);
        }
        test::write_file(folder_.path() / "journal.head", make_head(last));
    }

    static record record_number(int i) { return {wall_time{}, "verdict", {{"number", std::to_string(i)}}}; }

    /// The line of that number; lines count from 1, as records do.
    std::string& line(std::size_t number) { return lines_[number - 1]; }
    auto at(std::size_t number) { return lines_.begin() + static_cast<std::ptrdiff_t>(number - 1); }

    void write_log() {
        std::string text;
        for (const auto& each : lines_) text += each + "\n";
        test::write_file(folder_.path() / "journal.jsonl", text);
    }

    std::vector<std::string> problems() {
        write_log();
        return problems_as_written();
    }

    std::vector<std::string> problems_as_written() {
        const auto found = verify(folder_.path());
        EXPECT_TRUE(found) << found.error().message;
        return found ? found->problems : std::vector<std::string>{};
    }

    test::temporary_folder folder_;
    std::vector<std::string> lines_;
    std::vector<link> links_;
};

TEST_F(journal_verify, finds_nothing_in_a_whole_log) {
    write_log();
    const auto found = verify(folder_.path());
    ASSERT_TRUE(found);
    EXPECT_THAT(found->problems, IsEmpty());
    EXPECT_EQ(found->records, 20U);
    EXPECT_EQ(found->last_hash, links_.back().hash);
}

TEST_F(journal_verify, records_behind_the_head_are_no_problem) {
    lines_.push_back(make_line(links_.back(), record_number(21)).text);
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_verify, an_unfinished_line_behind_the_head_is_no_problem) {
    write_log();
    const auto file = folder_.path() / "journal.jsonl";
    test::write_file(file, test::read_file(file) + R"({"seq":21,)");
    EXPECT_THAT(problems_as_written(), IsEmpty());
}

TEST_F(journal_verify, finds_an_edited_record) {
    line(17).replace(line(17).find(R"("17")"), 4, R"("71")");
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:17: record 17 was edited: its hash does not match its content"));
}

TEST_F(journal_verify, finds_an_edited_number) {
    line(17).replace(line(17).find(R"("seq":17)"), 8, R"("seq":99)");
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:17: record 17 was edited: its hash does not match its content"));
}

TEST_F(journal_verify, finds_a_record_that_was_edited_and_hashed_anew) {
    line(12) = make_line(links_[10], record_number(0)).text;
    EXPECT_THAT(
        problems(),
        ElementsAre("journal.jsonl:13: record 13 does not continue record 12: one of them was replaced"));
}

TEST_F(journal_verify, finds_that_the_last_record_was_edited_and_hashed_anew) {
    line(20) = make_line(links_[18], record_number(0)).text;
    EXPECT_THAT(problems(),
                ElementsAre("journal.head: it names record 20 with another hash than the log has"));
}

TEST_F(journal_verify, finds_a_first_record_that_begins_in_mid_chain) {
    line(1) = make_line({0, std::string(64, 'a')}, record_number(1)).text;
    EXPECT_THAT(
        problems(),
        ElementsAre("journal.jsonl:1: record 1 does not begin a log: its prev is not all zeros",
                    "journal.jsonl:2: record 2 does not continue record 1: one of them was replaced"));
}

TEST_F(journal_verify, finds_a_deleted_record) {
    lines_.erase(at(12));
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:12: record 12 is missing (11 is followed by 13)"));
}

TEST_F(journal_verify, finds_several_deleted_records) {
    lines_.erase(at(12), at(15));
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:12: records 12 to 14 are missing (11 is followed by 15)"));
}

TEST_F(journal_verify, finds_a_deleted_beginning) {
    lines_.erase(at(1), at(3));
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:1: records 1 to 2 are missing (the log begins with 3)"));
}

TEST_F(journal_verify, finds_swapped_records) {
    std::swap(line(12), line(13));
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:12: records 12 and 13 were swapped"));
}

TEST_F(journal_verify, finds_swapped_last_records) {
    std::swap(line(19), line(20));
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:19: records 19 and 20 were swapped"));
}

TEST_F(journal_verify, finds_a_record_moved_far) {
    const auto moved = line(12);
    lines_.erase(at(12));
    lines_.insert(at(16), moved);
    EXPECT_THAT(
        problems(),
        ElementsAre(
            "journal.jsonl:12: record 12 is missing (11 is followed by 13)",
            "journal.jsonl:16: record 12 stands after record 16: a line was inserted, copied or moved here"));
}

TEST_F(journal_verify, finds_an_inserted_copy) {
    const auto copy = line(5);
    lines_.insert(at(13), copy);
    EXPECT_THAT(
        problems(),
        ElementsAre("journal.jsonl:13: record 5 stands after record 12: a line was inserted, copied or "
                    "moved here"));
}

TEST_F(journal_verify, finds_an_inserted_forgery) {
    lines_.insert(at(13), make_line(links_[11], record_number(0)).text);
    EXPECT_THAT(
        problems(),
        ElementsAre(
            "journal.jsonl:14: record 13 stands after record 13: a line was inserted, copied or moved here",
            "journal.jsonl:15: record 14 does not continue record 13: one of them was replaced"));
}

TEST_F(journal_verify, finds_an_inserted_forgery_of_a_far_number) {
    lines_.insert(at(13), make_line({998, links_[11].hash}, record_number(0)).text);
    EXPECT_THAT(
        problems(),
        ElementsAre("journal.jsonl:13: record 999 stands between records 12 and 13: a line was inserted, "
                    "copied or moved here"));
}

TEST_F(journal_verify, finds_an_inserted_line_that_is_no_record) {
    lines_.insert(at(13), "something else");
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:13: this is no record: it is too short"));
}

TEST_F(journal_verify, finds_a_record_that_was_blotted_out) {
    line(13) = std::string(line(13).size(), '#');
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:13: this is no record: it does not end with its hash"));
}

TEST_F(journal_verify, finds_what_is_missing_beside_a_blot) {
    line(13) = "#";
    lines_.erase(at(14));
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:13: this is no record: it is too short",
                                        "journal.jsonl:14: 1 of the records 13 to 14 are missing"));
}

TEST_F(journal_verify, finds_a_line_that_is_too_long_and_goes_on_behind_it) {
    lines_.insert(at(13), std::string(1'000'000, 'x'));
    line(18) = "#";
    EXPECT_THAT(problems(), ElementsAre("journal.jsonl:13: this is no record: it is longer than 64 KiB",
                                        "journal.jsonl:18: this is no record: it is too short"));
}

TEST_F(journal_verify, finds_a_truncated_log) {
    lines_.resize(18);
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:18: truncated: journal.head names record 20, the log ends at 18"));
}

TEST_F(journal_verify, finds_a_log_that_was_cut_inside_a_line) {
    write_log();
    const auto file = folder_.path() / "journal.jsonl";
    const auto text = test::read_file(file);
    test::write_file(file, text.substr(0, text.size() - 10));
    EXPECT_THAT(problems_as_written(),
                ElementsAre("journal.jsonl:20: the last line is incomplete",
                            "journal.jsonl:20: truncated: journal.head names record 20, the log ends at 19"));
}

TEST_F(journal_verify, finds_an_emptied_log) {
    lines_.clear();
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:0: truncated: journal.head names record 20, the log ends at 0"));
}

TEST_F(journal_verify, finds_a_missing_log) {
    EXPECT_THAT(problems_as_written(), ElementsAre("journal.jsonl: missing: journal.head names record 20"));
}

TEST_F(journal_verify, finds_a_missing_head) {
    std::filesystem::remove(folder_.path() / "journal.head");
    EXPECT_THAT(
        problems(),
        ElementsAre("journal.head: missing or unreadable: whether the log's end is there cannot be told"));
}

TEST_F(journal_verify, lists_a_bounded_number_of_problems) {
    lines_.assign(5'000, "x");
    const auto found = problems();
    ASSERT_EQ(found.size(), 1001U);
    EXPECT_EQ(found.back(), "more than 1000 problems; further ones are not listed");
}

TEST_F(journal_verify, fails_where_there_is_no_journal) {
    const auto found = verify(folder_.path() / "nowhere");
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message,
                StartsWith("cannot read " + (folder_.path() / "nowhere/journal.jsonl").string()));
}

}  // namespace
}  // namespace garde::journal
