// The files of the reply store: whose they are, damaged ones, those of an earlier garde, and what is left in
// them of what has gone.
#include "../support/run.hpp"
#include "replying.hpp"

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace garde::store {
namespace {

/// As a garde left it that knew of no bars.
TEST_F(replies, a_file_without_bars_keeps_its_replies) {
    put(reply(1));
    store.reset();
    {
        auto opened = database::open(file);
        ASSERT_TRUE(opened);
        ASSERT_TRUE(opened->execute("DROP TABLE bars"));
    }
    store = open();
    EXPECT_NE(sealed_under(1), "nothing");
    EXPECT_TRUE(store->bars()->empty());
}

TEST_F(replies, room_that_was_freed_is_given_back) {
    ASSERT_TRUE(store->begin());
    for (std::uint8_t i = 0; i < 100; ++i) {
        auto one = reply(i);
        one.sealed.assign(20'000, 'x');
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    const auto full = store->size()->bytes;
    EXPECT_GT(full, 2'000'000U);
    while (*store->remove_older(wall_time::max(), 30) != 0) {
    }
    EXPECT_LT(store->size()->bytes, 100'000U);
    reopen();
    EXPECT_LT(fs::file_size(file), full / 2);
}

TEST_F(replies, no_trace_of_a_destroyed_epochs_key_stays_in_the_files) {
    const auto holds = [&](std::string_view text) {
        for (const auto& entry : fs::directory_iterator(file.parent_path())) {
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            if (bytes.find(text) != std::string::npos) return true;
        }
        return false;
    };
    ASSERT_TRUE(store->put_epoch({1, wall_time{1s}, "wrapped-key-of-one"}));
    put(reply(1, 1));
    ASSERT_TRUE(holds("wrapped-key-of-one")) << "or the search finds nothing at all";
    ASSERT_TRUE(holds(reply(1).sealed));
    ASSERT_TRUE(store->destroy_epoch(1));
    EXPECT_FALSE(holds("wrapped-key-of-one"));
    EXPECT_FALSE(holds(reply(1).sealed));
}

TEST_F(replies, belongs_to_one_process_at_a_time) {
    EXPECT_FALSE(open_sqlite_reply_store(file).has_value());
    store.reset();
    EXPECT_TRUE(open_sqlite_reply_store(file).has_value());
}

TEST_F(replies, the_files_are_for_the_owner_only) {
    put(reply(1));
    for (const auto& entry : fs::directory_iterator(file.parent_path()))
        EXPECT_EQ(fs::status(entry.path()).permissions() & (fs::perms::group_all | fs::perms::others_all),
                  fs::perms::none)
            << entry.path();
}

TEST_F(replies, a_file_that_is_no_database_is_set_aside_and_a_new_one_begun) {
    put(reply(1));
    store.reset();
    std::ofstream(file, std::ios::binary | std::ios::trunc) << std::string(10'000, 'x');
    store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(sealed_under(1), "nothing");
    EXPECT_TRUE(fs::exists(file.string() + ".corrupt-1"));
    put(reply(2));
    EXPECT_NE(sealed_under(2), "nothing");
}

TEST_F(replies, damage_that_shows_in_use_is_told_and_the_file_set_aside) {
    ASSERT_TRUE(store->begin());
    for (std::uint8_t i = 0; i < 100; ++i) {
        auto one = reply(i);
        one.sealed.assign(2000, 'x');
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    reopen();                                      // so that all is in the file
    auto reader = open_sqlite_reply_reader(file);  // which has nothing in memory yet
    ASSERT_TRUE(reader);
    const auto size = fs::file_size(file);
    {
        std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(4096);
        out << std::string(size - 4096, '\x7f');
    }
    EXPECT_FALSE((*reader)->page({}, 100).has_value());
    EXPECT_TRUE((*reader)->damaged());
    reader->reset();
    store.reset();
    store = open(reply_file::known_damaged);
    ASSERT_TRUE(store);
    EXPECT_TRUE(fs::exists(file.string() + ".corrupt-1"));
    EXPECT_EQ(store->size()->replies, 0U);
}

TEST_F(replies, a_check_finds_damage_that_nobody_has_met) {
    ASSERT_TRUE(store->begin());
    for (std::uint8_t i = 0; i < 200; ++i) {
        auto one = reply(i);
        one.sealed.assign(2000, 'x');
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    store.reset();
    const auto check = [&] {
        auto reader = open_sqlite_reply_reader(file);
        EXPECT_TRUE(reader);
        const bool whole = (*reader)->check([] { return false; }).has_value();
        EXPECT_EQ(whole, !(*reader)->damaged());
        return whole;
    };
    EXPECT_TRUE(check());
    {
        std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
        out.seekp(-40 * 4096, std::ios::end);
        out << std::string(4096, '\x7f');
    }
    EXPECT_FALSE(check());
    auto reader = open_sqlite_reply_reader(file);
    EXPECT_TRUE((*reader)->check([] { return true; })) << "what was given up has found nothing";
    EXPECT_FALSE((*reader)->damaged());
}

TEST_F(replies, a_check_that_is_under_way_is_interrupted) {
    ASSERT_TRUE(store->begin());
    for (int i = 0; i < 20'000; ++i) {
        auto one = reply(1);
        one.tag = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
        one.removal_tags = {one.tag};
        ASSERT_TRUE(store->put(one));
    }
    ASSERT_TRUE(store->commit());
    auto reader = open_sqlite_reply_reader(file);
    ASSERT_TRUE(reader);
    std::atomic<bool> interrupted = false;
    const std::jthread checking([&] {
        const auto limit = std::chrono::steady_clock::now() + test::patience;
        while (!interrupted && std::chrono::steady_clock::now() < limit) {
            int asked = 0;  // before it begins, and again when it was interrupted
            EXPECT_TRUE((*reader)->check([&] { return ++asked > 1; }));
            interrupted = asked > 1;
        }
        EXPECT_TRUE(interrupted);
        interrupted = true;
    });
    while (!interrupted) (*reader)->interrupt_check();
    EXPECT_FALSE((*reader)->damaged());
}

TEST_F(replies, a_file_of_the_first_schema_is_emptied) {
    store.reset();
    for (const auto* suffix : {"", "-wal", "-shm"}) fs::remove(file.string() + suffix);
    {
        auto opened = database::open(file);
        ASSERT_TRUE(opened);
        ASSERT_TRUE(
            opened->execute("CREATE TABLE epochs (id INTEGER, begun_ns INTEGER, wrapped_key BLOB);"
                            "CREATE TABLE replies (id INTEGER, sealed BLOB);"
                            "CREATE TABLE removals (tag BLOB, reply INTEGER);"
                            "INSERT INTO replies VALUES (1, 'sealed by an earlier garde');"
                            "PRAGMA user_version = 1;"));
    }
    store = open();
    ASSERT_TRUE(store);
    EXPECT_EQ(store->size()->replies, 0U);
    put(reply(1));
    reopen();
    EXPECT_NE(sealed_under(1), "nothing");
    EXPECT_FALSE(fs::exists(file.string() + ".corrupt-1"));
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(bytes.find("earlier garde"), std::string::npos);
}

TEST_F(replies, a_folder_that_cannot_be_made_is_an_error) {
    std::ofstream(folder.path() / "file") << "x";
    const auto opened = open_sqlite_reply_store(folder.path() / "file" / "replies.sqlite");
    ASSERT_FALSE(opened.has_value());
    EXPECT_NE(opened.error().message.find("replies.sqlite"), std::string::npos);
}

}  // namespace
}  // namespace garde::store
