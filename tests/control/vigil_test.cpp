// What changes by itself is written down: the journal that fails, the keys of tickets. (That a clock is set
// is for clock_watch_test and the simulation: here nobody may set one.)
#include "garde/control/vigil.hpp"

#include "../support/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace garde::control {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using namespace std::chrono_literals;

struct paper final : journal::sink {
    std::vector<journal::record> records;
    bool trouble = false;
    using sink::append;
    void append(journal::record what, journal::on_durable) override { records.push_back(std::move(what)); }
    [[nodiscard]] bool failing() const override { return trouble; }
};

struct vigil_test : testing::Test {
    net::event_loop loop;
    paper journal;
    int looks = 0;
    std::shared_ptr<net::ticket_keys> keys = std::make_shared<net::ticket_keys>(wall_now());
    vigil watch{loop, journal, [this] { ++looks; }};

    /// Until it has looked again.
    void look_again() {
        test::run_until(loop, [this, before = looks] { return looks > before; });
    }
};

TEST_F(vigil_test, where_nothing_changes_nothing_is_written) {
    watch.begin(keys);
    look_again();
    look_again();
    EXPECT_THAT(journal.records, IsEmpty());
}

TEST_F(vigil_test, a_journal_that_fails_is_an_alarm_until_it_works_again) {
    journal.trouble = true;
    watch.begin(keys);
    look_again();
    ASSERT_THAT(journal.records, SizeIs(1)) << "once, however long it lasts";
    EXPECT_EQ(journal.records[0].event, "alarm-raised");
    EXPECT_THAT(journal.records[0].attributes, ElementsAre(Pair("alarm", "journal-failing")));
    journal.trouble = false;
    look_again();
    ASSERT_THAT(journal.records, SizeIs(2));
    EXPECT_EQ(journal.records[1].event, "alarm-cleared");
    EXPECT_THAT(journal.records[1].attributes, ElementsAre(Pair("alarm", "journal-failing")));
}

TEST_F(vigil_test, other_alarms_are_told_when_they_come_and_when_they_go) {
    std::vector<std::string> alarms{"checkpoint-file-failing"};
    watch.watch([&] { return alarms; });
    watch.begin(keys);
    look_again();
    ASSERT_THAT(journal.records, SizeIs(1)) << "once, however long it lasts";
    EXPECT_EQ(journal.records[0].event, "alarm-raised");
    EXPECT_THAT(journal.records[0].attributes, ElementsAre(Pair("alarm", "checkpoint-file-failing")));
    alarms = {"checkpoint-syslog-failing"};
    look_again();
    ASSERT_THAT(journal.records, SizeIs(3));
    EXPECT_EQ(journal.records[1].event, "alarm-raised");
    EXPECT_THAT(journal.records[1].attributes, ElementsAre(Pair("alarm", "checkpoint-syslog-failing")));
    EXPECT_EQ(journal.records[2].event, "alarm-cleared");
    EXPECT_THAT(journal.records[2].attributes, ElementsAre(Pair("alarm", "checkpoint-file-failing")));
}

TEST_F(vigil_test, new_ticket_keys_are_told_and_never_shown) {
    watch.begin(keys);
    (void)keys->current(wall_now() + 2h);
    (void)keys->current(wall_now() + 4h);
    look_again();
    look_again();
    ASSERT_THAT(journal.records, SizeIs(1));
    EXPECT_EQ(journal.records[0].event, "key-rotated");
    EXPECT_THAT(journal.records[0].attributes,
                ElementsAre(Pair("key", "session-tickets"), Pair("new-keys", "2"), Pair("by", "garde")));
}

}  // namespace
}  // namespace garde::control
