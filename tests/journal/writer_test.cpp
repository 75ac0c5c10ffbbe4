// The writer as its users see it, on real files; and its thread on a disk that is full.
#include "garde/base/hash.hpp"
#include "garde/journal/journal.hpp"

#include "../../src/journal/chain.hpp"
#include "../../src/journal/posix_file_layer.hpp"
#include "../../src/journal/verify.hpp"
#include "../../src/journal/writer_thread.hpp"
#include "../support/temporary_folder.hpp"
#include "fake_disk.hpp"

#include <gmock/gmock.h>

#include <future>
#include <mutex>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace garde::journal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

record event(std::string name) {
    return {wall_time{}, std::move(name), {}};
}

std::vector<chain_line> lines_of(const std::string& log) {
    std::vector<chain_line> out;
    std::istringstream in(log);
    for (std::string text; std::getline(in, text);)
        if (auto line = read_line(text)) out.push_back(*std::move(line));
    return out;
}

std::vector<std::string> events_of(const std::string& log) {
    std::vector<std::string> out;
    for (const auto& line : lines_of(log)) out.push_back(line.event);
    return out;
}

class journal_writer : public testing::Test {
  protected:
    /// Opens, appends, closes.
    void write(const std::vector<std::string>& events) {
        writer opened({folder_});
        for (const auto& name : events) opened.append(event(name));
    }
    std::string log() { return test::read_file(folder_ / "journal.jsonl"); }
    void set_log(std::string_view content) { test::write_file(folder_ / "journal.jsonl", content); }
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
    writer opened({folder_});
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

TEST_F(journal_writer, continues_the_chain_after_a_restart) {
    write({"start", "stop"});
    write({"start"});
    EXPECT_THAT(events_of(log()), ElementsAre("start", "stop", "start"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, keeps_its_files_to_its_user) {
    write({"start"});
    EXPECT_EQ(permissions(folder_), 0700U);
    EXPECT_EQ(permissions(folder_ / "journal.jsonl"), 0600U);
    EXPECT_EQ(permissions(folder_ / "journal.head"), 0600U);
}

TEST_F(journal_writer, a_second_owner_is_told_who_the_first_is) {
    posix_file_layer files;
    const auto first = log_file::open(files, folder_, wall_time{});
    ASSERT_TRUE(first);
    const auto second = log_file::open(files, folder_, wall_time{});
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error().message, HasSubstr("belongs to process " + std::to_string(::getpid())));
}

TEST_F(journal_writer, a_second_owner_goes_on_when_the_first_has_gone) {
    std::optional<writer> first(std::in_place, writer::options{folder_});
    std::promise<bool> began;
    first->append(event("first"), [&](bool is) { began.set_value(is); });
    ASSERT_TRUE(began.get_future().get());
    writer second({folder_});
    std::promise<bool> durable;
    second.append(event("second"), [&](bool is) { durable.set_value(is); });
    auto done = durable.get_future();
    first->append(event("last of the first"));
    EXPECT_EQ(done.wait_for(milliseconds{0}), std::future_status::timeout);
    first.reset();
    EXPECT_TRUE(done.get());
    EXPECT_FALSE(second.failing());
    EXPECT_THAT(events_of(log()), ElementsAre("first", "last of the first", "second"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, records_wait_where_the_folder_cannot_be_until_it_can) {
    test::write_file(parent_.path() / "a", "a file");
    writer opened({folder_});
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
        writer opened({folder_});
        opened.append(event("start"), [&](bool is) { durable.push_back(is); });
        opened.append(event("stop"), [&](bool is) { durable.push_back(is); });
    }
    EXPECT_THAT(durable, ElementsAre(false, false));
}

TEST_F(journal_writer, cuts_a_torn_tail_and_records_that) {
    write({"start"});
    set_log(log() + R"({"seq":2,"at")");
    write({"start"});
    const auto lines = lines_of(log());
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].event, "tail-cut");
    EXPECT_EQ(lines[1].attribute("bytes"), "13");
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, cuts_lines_behind_the_head_from_the_first_that_does_not_continue_the_chain) {
    write({"start"});
    const auto whole = log();
    const auto behind = std::string("{}\n") + whole;
    set_log(whole + behind);
    write({});
    const auto lines = lines_of(log());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1].attribute("bytes"), std::to_string(behind.size()));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, keeps_whole_lines_behind_the_head) {
    write({"one"});
    const auto head = test::read_file(folder_ / "journal.head");
    write({"two"});
    test::write_file(folder_ / "journal.head", head);
    write({"three"});
    EXPECT_THAT(events_of(log()), ElementsAre("one", "two", "three"));
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(journal_writer, records_a_truncation_that_verification_then_keeps_reporting) {
    write({"one"});
    const auto before = log();
    write({"two", "three"});
    set_log(before);
    write({"start"});
    const auto lines = lines_of(log());
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].event, "truncated-found");
    EXPECT_EQ(lines[1].attribute("expected-seq"), "3");
    EXPECT_EQ(lines[1].attribute("found-seq"), "1");
    write({"start"});
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:2: records 2 to 3 were missing when the log was opened at " +
                            lines[1].at));
}

TEST_F(journal_writer, records_that_the_whole_log_is_gone) {
    write({"one", "two"});
    std::filesystem::remove(folder_ / "journal.jsonl");
    write({"start"});
    EXPECT_THAT(events_of(log()), ElementsAre("truncated-found", "start"));
    EXPECT_THAT(problems(), ElementsAre(MatchesRegex(
                                "journal.jsonl:1: records 1 to 2 were missing when the log was opened "
                                "at 20.*Z")));
}

TEST_F(journal_writer, records_that_the_head_named_another_record) {
    write({"one"});
    set_log(make_line({}, event("forged")).text + "\n");
    write({});
    EXPECT_THAT(problems(), ElementsAre(MatchesRegex(
                                "journal.jsonl:2: record 1 was not the one that journal.head named when "
                                "the log was opened at 20.*Z")));
}

TEST_F(journal_writer, records_that_the_head_was_missing) {
    write({"one", "two"});
    std::filesystem::remove(folder_ / "journal.head");
    write({});
    EXPECT_THAT(problems(), ElementsAre(MatchesRegex(
                                "journal.jsonl:3: journal.head was missing when the log was opened at "
                                "20.*Z: whether records after 2 are missing is not known")));
}

TEST_F(journal_writer, damage_inside_the_log_is_kept_for_verification) {
    write({"one", "two", "three"});
    auto text = log();
    text[text.find("two")] = 'T';
    set_log(text);
    write({"four"});
    EXPECT_THAT(events_of(log()), ElementsAre("one", "Two", "three", "four"));
    EXPECT_THAT(problems(),
                ElementsAre("journal.jsonl:2: record 2 was edited: its hash does not match its content"));
}

TEST_F(journal_writer, tells_how_far_the_log_has_grown_and_how_soon_others_must_know) {
    std::vector<std::pair<std::uint64_t, urgency>> told;
    std::vector<std::string> roots;
    const auto write_one = [&](const std::string& name) {
        writer opened({.folder = folder_, .grown = [&](const tree_head& head, urgency how) {
                           told.emplace_back(head.size, how);
                           roots.push_back(to_hex(head.root));
                       }});
        opened.append(event(name));
    };
    write_one("start");
    write_one("switchover");
    EXPECT_THAT(told, ElementsAre(std::pair(1, urgency::usual), std::pair(2, urgency::at_once)));
    const auto lines = lines_of(log());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_THAT(roots, ElementsAre(lines[0].hash, lines[1].hash));
}

class journal_writer_on_full_disk : public testing::Test {
  protected:
    void open(std::size_t queue_bound) {
        writer_.emplace([this] { return log_file::open(disk_, "/journal", wall_time{}); },
                        writer_limits{.queue_bound = queue_bound, .retry_interval = milliseconds{1}}, hooks_);
        std::promise<bool> ready;
        writer_->append(event("ready"), [&](bool is) { ready.set_value(is); });
        ASSERT_TRUE(ready.get_future().get());
    }
    std::string log() { return disk_.content("/journal/journal.jsonl"); }

    writer_hooks hooks_;
    test::fake_disk disk_{1};
    std::optional<writer_thread> writer_;
};

TEST_F(journal_writer_on_full_disk, hands_on_what_was_being_written_and_what_comes_while_it_is_full) {
    std::mutex mutex;
    std::vector<std::string> handed_on;
    hooks_.overflow = [&](const record& what) {
        const std::lock_guard lock(mutex);
        handed_on.push_back(what.event);
    };
    open(1);
    disk_.set_free_bytes(0);
    writer_->append(event("being written"), {});
    disk_.wait_for_full(2);  // so the first failure has been noted
    writer_->append(event("waits"), {});
    writer_->append(event("refused"), {});
    {
        const std::lock_guard lock(mutex);
        EXPECT_THAT(handed_on, ElementsAre("being written", "waits", "refused"));
    }
    disk_.set_free_bytes(test::fake_disk::never);
    while (writer_->failing()) std::this_thread::yield();
    writer_->append(event("all is well"), {});
    writer_.reset();
    EXPECT_THAT(handed_on, testing::SizeIs(3));
}

TEST_F(journal_writer_on_full_disk, keeps_records_until_there_is_room_again) {
    open(10);
    disk_.set_free_bytes(100);
    std::promise<bool> durable;
    writer_->append(event("switchover"), [&](bool is) { durable.set_value(is); });
    disk_.wait_for_full(3);
    EXPECT_TRUE(writer_->failing());
    disk_.set_free_bytes(test::fake_disk::never);
    EXPECT_TRUE(durable.get_future().get());
    EXPECT_FALSE(writer_->failing());
    EXPECT_THAT(events_of(log()), ElementsAre("ready", "switchover"));
}

TEST_F(journal_writer_on_full_disk, refuses_what_the_queue_cannot_hold_and_records_how_much_was_lost) {
    open(2);
    disk_.set_free_bytes(0);
    writer_->append(event("one"), {});
    disk_.wait_for_full(1);  // so "one" has left the queue
    writer_->append(event("two"), {});
    std::promise<bool> three;
    writer_->append(event("three"), [&](bool is) { three.set_value(is); });
    std::vector<bool> refused;
    std::thread::id refused_on;
    for (int i = 0; i < 4; ++i)
        writer_->append(event("refused"), [&](bool is) {
            refused.push_back(is);
            refused_on = std::this_thread::get_id();
        });
    EXPECT_THAT(refused, ElementsAre(false, false, false, false));
    EXPECT_EQ(refused_on, std::this_thread::get_id());
    disk_.set_free_bytes(test::fake_disk::never);
    EXPECT_TRUE(three.get_future().get());
    writer_.reset();
    EXPECT_THAT(events_of(log()), testing::UnorderedElementsAre("ready", "one", "two", "three", "lost"));
    for (const auto& line : lines_of(log()))
        EXPECT_EQ(line.attribute("count"), line.event == "lost" ? "4" : "");
    const auto verified = verify(disk_, "/journal");
    ASSERT_TRUE(verified);
    EXPECT_THAT(verified->problems, IsEmpty());
}

TEST_F(journal_writer_on_full_disk, ending_gives_up_after_one_more_try_and_writes_nothing_behind_the_hole) {
    open(10);
    disk_.set_free_bytes(0);
    std::vector<bool> durable;
    const auto note_and_make_room = [&](bool is) {
        durable.push_back(is);
        disk_.set_free_bytes(test::fake_disk::never);
    };
    writer_->append(event("one"), note_and_make_room);
    disk_.wait_for_full(1);
    writer_->append(event("two"), note_and_make_room);
    writer_.reset();
    EXPECT_THAT(durable, ElementsAre(false, false));
    EXPECT_THAT(events_of(log()), ElementsAre("ready"));
}

TEST(journal_writer_on_hung_disk, a_disk_that_does_not_answer_is_failing) {
    std::promise<void> release;
    const auto released = release.get_future().share();
    writer_thread hung(
        [released]() -> result<std::unique_ptr<log_file>> {
            released.wait();
            return fail("too late");
        },
        writer_limits{.queue_bound = 4, .retry_interval = milliseconds{1}, .patience = milliseconds{1}});
    hung.append(event("waits"), {});
    while (!hung.failing()) std::this_thread::yield();
    release.set_value();
}

}  // namespace
}  // namespace garde::journal
