// What verification prints for each kind of tampering, on real files.
#include "garde/journal/reading.hpp"

#include "log_maker.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

namespace garde::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string segment = "log-00000000000000000001.jsonl";

/// A log of 20 records, taken apart into lines.
class journal_verify : public testing::Test {
  protected:
    journal_verify() : head_(write(20, 0)) { lines_ = test::lines_in(read(segment)); }

    static record record_number(int i, int of) {
        return {wall_time{}, "verdict", {{"number", std::to_string(i)}, {"of", std::to_string(of)}}};
    }
    /// So many records; another number makes another log.
    tree_head write(int count, int of) {
        std::vector<std::vector<record>> groups;
        for (int i = 1; i <= count; ++i) groups.push_back({record_number(i, of)});
        return test::write_log(folder_.path(), groups);
    }
    std::string forged(std::uint64_t seq) {
        return make_line(seq, record_number(0, 0), [] { return std::string(); }).text;
    }

    [[nodiscard]] std::string read(const std::string& name) const {
        return test::read_file(folder_.path() / name);
    }
    void put(const std::string& name, const std::string& content) const {
        test::write_file(folder_.path() / name, content);
    }
    /// The line of that number; lines count from 1, as records do.
    std::string& line(std::size_t number) { return lines_[number - 1]; }
    auto at(std::size_t number) { return lines_.begin() + static_cast<std::ptrdiff_t>(number - 1); }

    std::vector<std::string> problems() {
        std::string text;
        for (const auto& each : lines_) text += each + "\n";
        put(segment, text);
        return problems_as_written();
    }
    std::vector<std::string> problems_as_written(const verify_options& options = {}) {
        const auto found = verify(folder_.path(), options);
        EXPECT_TRUE(found) << found.error().message;
        return found ? found->problems : std::vector<std::string>{};
    }
    /// The leaf hashes made to fit the lines, as by one who knows how.
    void rehash() {
        tree_hasher hasher;
        std::string text;
        for (const auto& each : lines_) {
            const auto hash = hasher.leaf(each);
            text.append(reinterpret_cast<const char*>(hash.data()), hash.size());
        }
        put("hashes", text);
    }

    test::temporary_folder folder_;
    tree_head head_;
    std::vector<std::string> lines_;
};

TEST_F(journal_verify, finds_nothing_in_a_whole_log) {
    const auto found = verify(folder_.path(), {.checkpoint = head_});
    ASSERT_TRUE(found);
    EXPECT_THAT(found->problems, IsEmpty());
    EXPECT_EQ(found->records, 20U);
    EXPECT_EQ(found->head, head_);
}

TEST_F(journal_verify, records_behind_the_head_are_no_problem) {
    const auto head = read("head");
    const auto hashes = read("hashes");
    write(2, 1);
    put("head", head);
    EXPECT_THAT(problems_as_written(), IsEmpty());
    put("hashes", hashes);
    EXPECT_THAT(problems_as_written(), IsEmpty());
}

TEST_F(journal_verify, an_unfinished_line_behind_the_head_is_no_problem) {
    put(segment, read(segment) + R"({"seq":21,)");
    EXPECT_THAT(problems_as_written(), IsEmpty());
}

TEST_F(journal_verify, finds_an_edited_record) {
    line(17).replace(line(17).find(R"("17")"), 4, R"("71")");
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":17: record 17 was edited: it is not what its leaf hash was made of"));
}

TEST_F(journal_verify, finds_an_edited_number) {
    line(17).replace(line(17).find(R"("seq":17)"), 8, R"("seq":99)");
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":17: record 17 was edited: it is not what its leaf hash was made of"));
}

TEST_F(journal_verify, finds_that_the_last_record_was_edited) {
    line(20) = forged(20);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":20: record 20 was edited: it is not what its leaf hash was made of"));
}

TEST_F(journal_verify, finds_a_record_that_was_edited_and_hashed_anew) {
    line(12) = forged(12);
    rehash();
    EXPECT_THAT(problems(),
                ElementsAre("head: the root of 20 records is not that of hashes: records were changed "
                            "together with their hashes"));
}

TEST_F(journal_verify, finds_a_deleted_record) {
    lines_.erase(at(12));
    EXPECT_THAT(problems(), ElementsAre(segment + ":12: record 12 is missing (11 is followed by 13)"));
}

TEST_F(journal_verify, finds_several_deleted_records) {
    lines_.erase(at(12), at(15));
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":12: records 12 to 14 are missing (11 is followed by 15)"));
}

TEST_F(journal_verify, finds_a_deleted_beginning) {
    lines_.erase(at(1), at(3));
    EXPECT_THAT(problems(), ElementsAre(segment + ":1: records 1 to 2 are missing (the log begins with 3)"));
}

TEST_F(journal_verify, finds_swapped_records) {
    std::swap(line(12), line(13));
    EXPECT_THAT(problems(), ElementsAre(segment + ":12: records 12 and 13 were swapped"));
}

TEST_F(journal_verify, finds_swapped_last_records) {
    std::swap(line(19), line(20));
    EXPECT_THAT(problems(), ElementsAre(segment + ":19: records 19 and 20 were swapped"));
}

TEST_F(journal_verify, finds_a_record_moved_far) {
    const auto moved = line(12);
    lines_.erase(at(12));
    lines_.insert(at(16), moved);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":12: record 12 is missing (11 is followed by 13)",
                            segment + ":16: record 12 stands after record 16: a line was inserted, copied or "
                                      "moved here"));
}

TEST_F(journal_verify, finds_an_inserted_copy) {
    const auto copy = line(5);
    lines_.insert(at(13), copy);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":13: record 5 stands after record 12: a line was inserted, "
                                      "copied or moved here"));
}

TEST_F(journal_verify, finds_an_inserted_copy_of_a_later_record) {
    const auto copy = line(18);
    lines_.insert(at(13), copy);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":13: record 18 stands between records 12 and 13: a line was "
                                      "inserted, copied or moved here"));
}

TEST_F(journal_verify, finds_an_inserted_forgery) {
    lines_.insert(at(13), forged(13));
    EXPECT_THAT(problems(), ElementsAre(segment + ":13: a line that is not of this log was inserted (it says "
                                                  "record 13)"));
}

TEST_F(journal_verify, finds_a_forgery_at_the_end) {
    lines_.push_back(forged(999));
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":21: record 999 stands behind record 20: it does not go on "
                                      "from there"));
}

TEST_F(journal_verify, finds_an_inserted_line_that_is_no_record) {
    lines_.insert(at(13), "something else");
    EXPECT_THAT(problems(), ElementsAre(segment + ":13: this is no record: it is not a JSON object"));
}

TEST_F(journal_verify, finds_a_record_that_was_blotted_out) {
    line(13) = std::string(line(13).size(), '#');
    EXPECT_THAT(problems(), ElementsAre(segment + ":13: this is no record: it is not a JSON object"));
}

TEST_F(journal_verify, finds_what_is_missing_beside_a_blot) {
    line(13) = "#";
    lines_.erase(at(14));
    EXPECT_THAT(problems(), ElementsAre(segment + ":13: this is no record: it is not a JSON object",
                                        segment + ":14: record 14 is missing (13 is followed by 15)"));
}

TEST_F(journal_verify, finds_a_line_that_is_too_long_and_goes_on_behind_it) {
    lines_.insert(at(13), std::string(1'000'000, 'x'));
    line(18) = "#";
    EXPECT_THAT(problems(), ElementsAre(segment + ":13: this is no record: it is longer than 64 KiB",
                                        segment + ":18: this is no record: it is not a JSON object"));
}

TEST_F(journal_verify, finds_a_truncated_log) {
    lines_.resize(18);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":18: truncated: head names record 20, the log ends at 18"));
}

TEST_F(journal_verify, finds_a_truncated_log_whose_head_was_taken_back_too) {
    test::temporary_folder other;
    std::vector<std::vector<record>> groups;
    for (int i = 1; i <= 18; ++i) groups.push_back({record_number(i, 0)});
    test::write_log(other.path(), groups);
    put("head", test::read_file(other.path() / "head"));
    lines_.resize(18);
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":18: truncated: hashes goes to record 20, the log ends at 18"));
}

TEST_F(journal_verify, finds_a_log_that_was_cut_inside_a_line) {
    const auto text = read(segment);
    put(segment, text.substr(0, text.size() - 10));
    EXPECT_THAT(problems_as_written(),
                ElementsAre(segment + ":20: the last line is incomplete",
                            segment + ":20: truncated: head names record 20, the log ends at 19"));
}

TEST_F(journal_verify, finds_an_emptied_log) {
    lines_.clear();
    EXPECT_THAT(problems(), ElementsAre(segment + ":0: truncated: head names record 20, the log ends at 0"));
}

TEST_F(journal_verify, finds_a_missing_log) {
    std::filesystem::remove(folder_.path() / segment);
    EXPECT_THAT(problems_as_written(),
                ElementsAre(segment + ":0: truncated: head names record 20, the log ends at 0"));
}

TEST_F(journal_verify, finds_a_missing_head) {
    std::filesystem::remove(folder_.path() / "head");
    EXPECT_THAT(problems_as_written(),
                ElementsAre("head: missing or unreadable: whether the log's end is there cannot be told"));
}

TEST_F(journal_verify, finds_truncated_hashes) {
    put("hashes", read("hashes").substr(0, 19 * 32));
    EXPECT_THAT(problems_as_written(),
                ElementsAre("hashes: truncated: it ends at record 19, head names record 20"));
}

TEST_F(journal_verify, finds_a_log_that_was_rolled_back) {
    const auto older = folder_.path() / "older";
    std::filesystem::create_directory(older);
    for (const auto* name : {"head", "hashes"})
        std::filesystem::copy_file(folder_.path() / name, older / name);
    std::filesystem::copy_file(folder_.path() / segment, older / segment);
    const auto later = write(3, 1);
    for (const auto* name : {"head", "hashes"}) put(name, test::read_file(older / name));
    put(segment, test::read_file(older / segment));
    EXPECT_THAT(problems_as_written(), IsEmpty()) << "nothing inside it shows that";
    EXPECT_THAT(problems_as_written({.checkpoint = later}),
                ElementsAre("rolled back or truncated: the checkpoint is of 23 records, this log has 20"));
}

TEST_F(journal_verify, finds_a_fork) {
    test::temporary_folder other;
    std::vector<std::vector<record>> groups;
    for (int i = 1; i <= 20; ++i) groups.push_back({record_number(i, i == 7 ? 1 : 0)});
    const auto kept = test::write_log(other.path(), groups);
    write(3, 1);
    EXPECT_THAT(
        problems_as_written({.checkpoint = kept}),
        ElementsAre("fork: this log and the checkpoint's are not the same: the first 20 of its 23 records "
                    "have the root " +
                    to_hex(head_.root) + ", by the checkpoint it is " + to_hex(kept.root)));
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
                StartsWith("there is no journal in " + (folder_.path() / "nowhere").string()));
}

/// Segments of one group each.
class journal_verify_segments : public testing::Test {
  protected:
    std::vector<std::string> problems() {
        const auto found = verify(folder_.path());
        EXPECT_TRUE(found) << found.error().message;
        return found->problems;
    }
    static std::vector<std::vector<record>> groups() {
        std::vector<std::vector<record>> out;
        for (int i = 1; i <= 6; ++i)
            out.push_back({record{wall_time{}, "verdict", {{"number", std::to_string(i)}}}});
        return out;
    }
    test::temporary_folder folder_;
};

TEST_F(journal_verify_segments, a_log_of_many_files_is_one) {
    test::write_log(folder_.path(), groups(), {.segment_bytes = 1});
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_EQ(verify(folder_.path())->records, 6U);
}

TEST_F(journal_verify_segments, finds_a_missing_file_in_the_middle) {
    test::write_log(folder_.path(), groups(), {.segment_bytes = 1});
    std::filesystem::remove(folder_.path() / segment_name(3));
    EXPECT_THAT(problems(), ElementsAre(segment_name(4) + ":1: record 3 is missing (2 is followed by 4)"));
}

TEST_F(journal_verify_segments, finds_a_missing_file_at_the_beginning) {
    test::write_log(folder_.path(), groups(), {.segment_bytes = 1});
    std::filesystem::remove(folder_.path() / segment_name(1));
    EXPECT_THAT(problems(), ElementsAre(segment_name(2) +
                                        ": record 1 is missing, and no record says that they were removed"));
}

TEST_F(journal_verify_segments, retention_is_no_problem_and_proofs_stay_valid) {
    const auto head = test::write_log(folder_.path(), groups(), {.segment_bytes = 1, .keep_segments = 3});
    EXPECT_THAT(problems(), IsEmpty());
    const auto found = verify(folder_.path());
    EXPECT_EQ(found->records + found->records_removed, head.size);
    EXPECT_GT(found->records_removed, 3U);
    const auto proof = prove(folder_.path(), head.size, std::nullopt);
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->in, head);
    EXPECT_TRUE(verify_inclusion(tree_hasher().leaf(proof->leaf), head.size - 1, head, proof->path));
    const auto grown = prove_consistency(folder_.path(), 2, head.size);
    ASSERT_TRUE(grown);
    EXPECT_TRUE(verify_consistency(grown->first, head, grown->path));
    EXPECT_THAT(prove(folder_.path(), 1, std::nullopt).error().message,
                HasSubstr("in a segment that was removed"));
}

TEST_F(journal_verify_segments, old_files_are_removed_by_their_age) {
    const auto day = std::chrono::hours(24);
    std::vector<std::vector<record>> aged;
    aged.reserve(6);
    for (int i = 0; i < 6; ++i) aged.push_back({record{wall_time{} + i * 10 * day, "verdict", {}}});
    test::write_log(folder_.path(), aged, {.segment_bytes = 1});
    test::write_log(folder_.path(), {{record{wall_time{} + 50 * day, "verdict", {}}}},
                    {.segment_bytes = 1, .keep_for = 25 * day}, wall_time{} + 50 * day);
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_EQ(verify(folder_.path())->records_removed, 2U) << "those of the days 0 and 10";
}

}  // namespace
}  // namespace garde::journal
