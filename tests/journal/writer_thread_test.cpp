// The journal's thread on a disk that is full, or that hangs: nobody who appends waits for it, and what came
// late or was lost is recorded.
#include "../../src/journal/writer_thread.hpp"

#include "../../src/journal/verify.hpp"
#include "fake_disk.hpp"
#include "log_maker.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

namespace garde::journal {
namespace {

using test::event;
using test::events_of;
using test::records_in;
using testing::ElementsAre;
using testing::IsEmpty;

class journal_writer_on_full_disk : public testing::Test {
  protected:
    void open(std::size_t queue_bound) {
        writer_.emplace([this] { return log_file::open(disk_, "/journal", {}, wall_time{}); },
                        writer_limits{.queue_bound = queue_bound, .retry_interval = milliseconds{1}});
        std::promise<bool> ready;
        writer_->append(event("ready"), [&](bool is) { ready.set_value(is); });
        ASSERT_TRUE(ready.get_future().get());
    }
    std::string log() { return disk_.log("/journal"); }

    test::fake_disk disk_{1};
    std::optional<writer_thread> writer_;
};

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
    writer_.reset();
    EXPECT_THAT(events_of(log()), ElementsAre("ready", "switchover", "written-late"));
    EXPECT_EQ(records_in(log()).back().number("count"), 1U);
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
    EXPECT_THAT(events_of(log()),
                testing::UnorderedElementsAre("ready", "one", "two", "three", "lost", "written-late"));
    for (const auto& line : records_in(log()))
        EXPECT_EQ(line.attribute("count"), line.event == "lost"           ? "4"
                                           : line.event == "written-late" ? "3"
                                                                          : "");
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

TEST(journal_writer_on_hung_disk, a_disk_that_hangs_at_the_start_is_failing_and_delays_nobody_who_appends) {
    test::fake_disk disk(1);
    std::promise<void> release;
    const auto released = release.get_future().share();
    std::optional<writer_thread> hung;
    hung.emplace(
        [&disk, released] {
            released.wait();
            return log_file::open(disk, "/journal", {}, wall_time{});
        },
        writer_limits{.queue_bound = 4, .retry_interval = milliseconds{1}, .patience = milliseconds{1}});
    // That this thread comes here at all shows that it does not wait: the disk answers only further below.
    int refused = 0;
    for (int i = 0; i < 6; ++i) hung->append(event("waits"), [&](bool is) { refused += is ? 0 : 1; });
    EXPECT_EQ(refused, 2);
    while (!hung->failing()) std::this_thread::yield();
    release.set_value();
    hung.reset();
    EXPECT_EQ(refused, 2);
    auto events = events_of(disk.log("/journal"));
    std::ranges::sort(events);
    EXPECT_THAT(events, ElementsAre("lost", "waits", "waits", "waits", "waits", "written-late"));
}

TEST(journal_writer_on_hung_disk, a_disk_that_hangs_while_it_is_written_delays_nobody_who_appends) {
    test::fake_disk disk(1);
    writer_thread thread(
        [&disk] { return log_file::open(disk, "/journal", {}, wall_time{}); },
        writer_limits{.queue_bound = 4, .retry_interval = milliseconds{1}, .patience = milliseconds{1}});
    std::promise<bool> ready;
    thread.append(event("ready"), [&](bool is) { ready.set_value(is); });
    ASSERT_TRUE(ready.get_future().get());
    disk.hang();
    std::promise<bool> durable;
    thread.append(event("switchover"), [&](bool is) { durable.set_value(is); });
    while (!thread.failing()) std::this_thread::yield();
    int refused = 0;
    for (int i = 0; i < 6; ++i) thread.append(event("later"), [&](bool is) { refused += is ? 0 : 1; });
    EXPECT_GE(refused, 1);
    disk.go_on();
    EXPECT_TRUE(durable.get_future().get());
}

/// What was passed on, to wait for.
class elsewhere {
  public:
    writer_hooks hooks() {
        return {.grown = {}, .overflow = [this](const record& what) {
                    const std::lock_guard lock(mutex_);
                    seen_.push_back(what.event);
                    came_.notify_all();
                }};
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(came_.wait_for(lock, std::chrono::seconds(20), [&] { return seen_.size() >= count; }));
        return seen_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::string> seen_;
};

TEST(journal_writer_passes_on, what_waits_since_before_the_disk_was_known_to_hang_once_and_in_order) {
    test::fake_disk disk(1);
    elsewhere other;
    writer_thread thread(
        [&disk] { return log_file::open(disk, "/journal", {}, wall_time{}); },
        writer_limits{.queue_bound = 10, .retry_interval = milliseconds{1}, .patience = milliseconds{400}},
        other.hooks());
    std::promise<bool> ready;
    thread.append(event("ready"), [&](bool is) { ready.set_value(is); });
    ASSERT_TRUE(ready.get_future().get());
    disk.hang();
    // Within the disk's patience: the first is being written, the others wait behind it.
    for (const auto* name : {"one", "two", "three"}) thread.append(event(name), {});
    EXPECT_THAT(other.wait_for(3), ElementsAre("one", "two", "three"));
    EXPECT_TRUE(thread.failing());
    std::promise<bool> durable;
    thread.append(event("four"), [&](bool is) { durable.set_value(is); });
    EXPECT_THAT(other.wait_for(4), ElementsAre("one", "two", "three", "four"));
    disk.go_on();
    EXPECT_TRUE(durable.get_future().get());
    EXPECT_THAT(other.wait_for(4), ElementsAre("one", "two", "three", "four"));
}

TEST(journal_writer_passes_on, what_waits_for_a_log_that_cannot_be_opened) {
    test::fake_disk disk(1);
    elsewhere other;
    std::promise<void> asked;
    std::promise<void> answer;
    std::atomic<int> tries{0};
    std::optional<writer_thread> thread;
    thread.emplace(
        [&]() -> result<std::unique_ptr<log_file>> {
            if (tries++ > 0) return log_file::open(disk, "/journal", {}, wall_time{});
            asked.set_value();
            answer.get_future().wait();
            return fail("read-only");
        },
        writer_limits{
            .queue_bound = 10, .retry_interval = milliseconds{1}, .patience = std::chrono::minutes{10}},
        other.hooks());
    asked.get_future().wait();
    thread->append(event("one"), {});
    thread->append(event("two"), {});
    answer.set_value();
    EXPECT_THAT(other.wait_for(2), ElementsAre("one", "two"));
    thread.reset();
    EXPECT_THAT(events_of(disk.log("/journal")), testing::UnorderedElementsAre("one", "two", "written-late"));
}

TEST(journal_writer_passes_on, nothing_while_the_disk_works) {
    test::fake_disk disk(1);
    elsewhere other;
    std::optional<writer_thread> thread;
    thread.emplace([&disk] { return log_file::open(disk, "/journal", {}, wall_time{}); },
                   writer_limits{.patience = std::chrono::minutes{10}}, other.hooks());
    for (int i = 0; i < 20; ++i) thread->append(event("one"), {});
    thread.reset();
    EXPECT_THAT(other.wait_for(0), IsEmpty());
    EXPECT_EQ(records_in(disk.log("/journal")).size(), 20U);
}

}  // namespace
}  // namespace garde::journal
