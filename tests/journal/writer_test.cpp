// The writer as its users see it, on real files.
#include "garde/journal/journal.hpp"

#include "../../src/journal/posix_file_layer.hpp"
#include "../../src/journal/verify.hpp"
#include "log_maker.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace garde::journal {
namespace {

using test::event;
using test::events_of;
using test::records_in;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

const std::string segment = "log-00000000000000000001.jsonl";

class journal_writer : public testing::Test {
  protected:
    /// Opens, appends, closes.
    void write(const std::vector<std::string>& events) {
        writer opened({.folder = folder_});
        for (const auto& name : events) opened.append(event(name));
    }
    std::string log() { return test::log_text(folder_); }
    void set_log(std::string_view content) { test::write_file(folder_ / segment, content); }
    std::vector<std::string> problems() {
        const auto found = verify(folder_);
        EXPECT_TRUE(found) << found.error().message;
        return found ? found->problems : std::vector<std::string>{};
    }

    test::temporary_folder parent_;
    std::filesystem::path folder_ = parent_.path() / "a" / "journal";
};

mode_t permissions(const std::filesystem::path& file) {
    struct stat status{};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 0777U;
}

TEST_F(journal_writer, reports_each_record_as_durable_once_it_can_be_verified) {
    writer opened({.folder = folder_});
    std::promise<bool> durable;
    opened.append(event("start"), [&](bool is) { durable.set_value(is); });
    EXPECT_TRUE(durable.get_future().get());
    EXPECT_THAT(events_of(log()), ElementsAre("start"));
    EXPECT_THAT(problems(), IsEmpty());
    EXPECT_FALSE(opened.failing());
}

TEST_F(journal_writer, writes_what_waits_before_it_ends) {
    std::vector<std::string> events;
    events.reserve(500);
    for (int i = 0; i < 500; ++i) events.push_back("event" + std::to_string(i));
    write(events);
    EXPECT_EQ(events_of(log()), events);
}

TEST_F(journal_writer, goes_on_after_a_restart) {
    write({"start", "stop"});
    write({"start"});
    EXPECT_THAT(events_of(log()), ElementsAre("start", "stop", "start"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, keeps_its_files_to_its_user) {
    write({"start"});
    EXPECT_EQ(permissions(folder_), 0700U);
    EXPECT_EQ(permissions(folder_ / segment), 0600U);
    for (const auto* name : {"head", "hashes", "names.key"})
        EXPECT_EQ(permissions(folder_ / name), 0600U) << name;
}

TEST_F(journal_writer, a_second_owner_is_told_who_the_first_is) {
    posix_file_layer files;
    const auto first = log_file::open(files, folder_, {}, wall_time{});
    ASSERT_TRUE(first);
    const auto second = log_file::open(files, folder_, {}, wall_time{});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("belongs to process " + std::to_string(::getpid())));
}

TEST_F(journal_writer, a_second_owner_goes_on_when_the_first_has_gone) {
    std::optional<writer> first(std::in_place, writer::options{.folder = folder_});
    std::promise<bool> began;
    first->append(event("first"), [&](bool is) { began.set_value(is); });
    ASSERT_TRUE(began.get_future().get());
    writer second({.folder = folder_});
    std::promise<bool> durable;
    second.append(event("second"), [&](bool is) { durable.set_value(is); });
    auto done = durable.get_future();
    first->append(event("last of the first"));
    EXPECT_EQ(done.wait_for(milliseconds{0}), std::future_status::timeout);
    first.reset();
    EXPECT_TRUE(done.get());
    EXPECT_FALSE(second.failing());
    EXPECT_THAT(events_of(log()), ElementsAre("first", "last of the first", "written-late", "second"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, records_wait_where_the_folder_cannot_be_until_it_can) {
    test::write_file(parent_.path() / "a", "a file");
    writer opened({.folder = folder_});
    std::promise<bool> durable;
    opened.append(event("start"), [&](bool is) { durable.set_value(is); });
    while (!opened.failing()) std::this_thread::yield();
    std::filesystem::remove(parent_.path() / "a");
    EXPECT_TRUE(durable.get_future().get());
    EXPECT_FALSE(opened.failing());
}

TEST_F(journal_writer, gives_up_at_the_end_what_it_never_could_write) {
    test::write_file(parent_.path() / "a", "a file");
    std::vector<bool> durable;
    {
        writer opened({.folder = folder_});
        opened.append(event("start"), [&](bool is) { durable.push_back(is); });
        opened.append(event("stop"), [&](bool is) { durable.push_back(is); });
    }
    EXPECT_THAT(durable, ElementsAre(false, false));
}

TEST_F(journal_writer, cuts_a_torn_tail_and_records_that) {
    write({"start"});
    set_log(log() + R"({"seq":2,"at")");
    write({"start"});
    const auto lines = records_in(log());
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].event, "tail-cut");
    EXPECT_EQ(lines[1].attribute("bytes"), "13");
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, cuts_lines_behind_the_head_from_the_first_that_does_not_go_on) {
    write({"start"});
    const auto whole = log();
    const auto behind = std::string("{}\n") + whole;
    set_log(whole + behind);
    write({});
    const auto lines = records_in(log());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].attribute("bytes"), std::to_string(behind.size()));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, keeps_whole_lines_behind_the_head) {
    write({"one"});
    const auto head = test::read_file(folder_ / "head");
    write({"two"});
    test::write_file(folder_ / "head", head);
    write({"three"});
    EXPECT_THAT(events_of(log()), ElementsAre("one", "two", "three"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, a_truncation_is_recorded_and_its_numbers_stay_taken) {
    write({"one"});
    const auto before = log();
    write({"two", "three"});
    const auto whole = verify(folder_)->head;
    set_log(before);
    write({"start"});
    const auto lines = records_in(log());
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].event, "truncated-found");
    EXPECT_EQ(lines[1].number("expected-seq"), 3U);
    EXPECT_EQ(lines[1].number("found-seq"), 1U);
    EXPECT_EQ(lines[1].seq, 4U);
    write({"start"});
    EXPECT_THAT(problems(),
                ElementsAre(segment_name(4) + ":1: records 2 to 3 are missing (1 is followed by 4)",
                            segment_name(4) + ":1: records 2 to 3 were missing when the log was opened at " +
                                lines[1].at));
    EXPECT_EQ(verify(folder_, {.checkpoint = whole})->problems, problems())
        << "the log is still the same one";
}

TEST_F(journal_writer, that_the_whole_log_is_gone_is_recorded) {
    write({"one", "two"});
    std::filesystem::remove(folder_ / segment);
    write({"start"});
    EXPECT_THAT(events_of(log()), ElementsAre("truncated-found", "start"));
    EXPECT_THAT(
        problems(),
        ElementsAre(MatchesRegex(".*3.jsonl:1: records 1 to 2 were missing when the log was opened at 20.*Z"),
                    segment_name(3) + ": records 1 to 2 are missing, and no record says that they were "
                                      "removed"));
}

TEST_F(journal_writer, an_edit_is_not_taken_for_a_truncation) {
    write({"one", "two"});
    for (const auto* other : {"twoandmore", "t"}) {
        auto text = log();
        text.replace(text.find("two"), 3, other);
        test::write_file(folder_ / segment, text);
        test::temporary_folder copy;
        std::filesystem::copy(folder_, copy.path(), std::filesystem::copy_options::recursive);
        {
            writer again({.folder = copy.path()});
            again.append(event("three"));
        }
        EXPECT_THAT(events_of(test::log_text(copy.path())), ElementsAre("one", other, "three"));
        EXPECT_THAT(
            verify(copy.path())->problems,
            ElementsAre(segment + ":2: record 2 was edited: it is not what its leaf hash was made of"));
        text.replace(text.find(other), std::string(other).size(), "two");
        test::write_file(folder_ / segment, text);
    }
}

TEST_F(journal_writer, that_the_head_was_missing_is_recorded) {
    write({"one", "two"});
    std::filesystem::remove(folder_ / "head");
    write({});
    EXPECT_THAT(problems(),
                ElementsAre(MatchesRegex(segment_name(3) +
                                         ":1: head was missing when the log was opened at 20.*Z: whether "
                                         "records after 2 are missing is not known")));
}

TEST_F(journal_writer, lost_hashes_are_made_anew_from_the_lines) {
    write({"one", "two", "three"});
    const auto hashes = test::read_file(folder_ / "hashes");
    for (const std::size_t left : {0, 1, 32, 40, 95}) {
        test::write_file(folder_ / "hashes", hashes.substr(0, left));
        write({});
        EXPECT_EQ(test::read_file(folder_ / "hashes"), hashes) << left;
        EXPECT_THAT(problems(), IsEmpty()) << left;
    }
}

TEST_F(journal_writer, head_and_hashes_lost_together_are_made_anew) {
    write({"one", "two", "three"});
    const auto head = verify(folder_)->head;
    std::filesystem::remove(folder_ / "head");
    std::filesystem::remove(folder_ / "hashes");
    write({});
    EXPECT_THAT(events_of(log()), ElementsAre("one", "two", "three", "head-missing"));
    EXPECT_THAT(verify(folder_, {.checkpoint = head})->problems, testing::SizeIs(1));
}

TEST_F(journal_writer, damage_inside_the_log_is_kept_for_verification) {
    write({"one", "two", "three"});
    auto text = log();
    text[text.find("two")] = 'T';
    set_log(text);
    write({"four"});
    EXPECT_THAT(events_of(log()), ElementsAre("one", "Two", "three", "four"));
    EXPECT_THAT(problems(),
                ElementsAre(segment + ":2: record 2 was edited: it is not what its leaf hash was made of"));
}

TEST_F(journal_writer, a_log_of_the_former_form_is_set_aside_and_that_is_recorded) {
    std::filesystem::create_directories(folder_);
    test::write_file(folder_ / "journal.jsonl", "abc");
    test::write_file(folder_ / "journal.head", "{}");
    write({"start"});
    const auto lines = records_in(log());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].event, "old-log-set-aside");
    EXPECT_EQ(lines[0].attribute("file"), "journal.jsonl.old");
    EXPECT_EQ(lines[0].attribute("sha256"), to_hex(sha256("abc")));
    EXPECT_EQ(test::read_file(folder_ / "journal.jsonl.old"), "abc");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "journal.jsonl"));
    write({"start"});
    EXPECT_THAT(events_of(log()), ElementsAre("old-log-set-aside", "start", "start"));
}

TEST_F(journal_writer, whoever_wants_to_know_hears_of_each_group) {
    std::mutex mutex;
    std::vector<tree_head> heads;
    std::vector<urgency> urgencies;
    {
        writer opened({.folder = folder_, .grown = [&](const tree_head& now, urgency of_group) {
                           const std::lock_guard lock(mutex);
                           heads.push_back(now);
                           urgencies.push_back(of_group);
                       }});
        std::promise<bool> durable;
        opened.append(event("verdict"), [&](bool is) { durable.set_value(is); });
        ASSERT_TRUE(durable.get_future().get());
        opened.append(event("switchover"));
    }
    EXPECT_THAT(urgencies, ElementsAre(urgency::usual, urgency::at_once));
    ASSERT_EQ(heads.size(), 2U);
    EXPECT_EQ(heads[0].size, 1U);
    EXPECT_EQ(heads[1], verify(folder_)->head);
}

}  // namespace
}  // namespace garde::journal
