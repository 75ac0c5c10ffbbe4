// Overrides over restarts, kills, corrupt files and slow disks, on real SQLite files.
#include "garde/store/override_store.hpp"

#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <future>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace garde::store {
namespace {

using continuity::override_mode;
using testing::HasSubstr;
using testing::SizeIs;

stored_override some_override(std::string service) {
    return {.service = std::move(service),
            .mode = override_mode::backup,
            .strict = true,
            .by = "operator-a",
            .reason = "planned work, \"storage\" b'",
            .since = *parse_rfc3339("2018-08-09T09:00:00.123456789Z"),
            .until = parse_rfc3339("2018-08-09T20:30:00Z")};
}

void expect_equal(const stored_override& a, const stored_override& b) {
    EXPECT_EQ(a.service, b.service);
    EXPECT_EQ(a.mode, b.mode);
    EXPECT_EQ(a.strict, b.strict);
    EXPECT_EQ(a.by, b.by);
    EXPECT_EQ(a.reason, b.reason);
    EXPECT_EQ(a.since, b.since);
    EXPECT_EQ(a.until, b.until);
}

result<void> put_and_wait(override_store& into, stored_override value) {
    std::promise<result<void>> stored;
    into.put(std::move(value), [&](result<void> what) { stored.set_value(std::move(what)); });
    return stored.get_future().get();
}

result<void> remove_and_wait(override_store& from, std::string service) {
    std::promise<result<void>> removed;
    from.remove(std::move(service), [&](result<void> what) { removed.set_value(std::move(what)); });
    return removed.get_future().get();
}

result<std::vector<stored_override>> load_and_wait(override_store& from) {
    std::promise<result<std::vector<stored_override>>> loaded;
    from.load([&](auto what) { loaded.set_value(std::move(what)); });
    return loaded.get_future().get();
}

class override_store_test : public testing::Test {
  protected:
    std::unique_ptr<override_store> open() { return open_sqlite_override_store(file_); }
    std::vector<stored_override> load() {
        const auto store = open();
        const auto loaded = load_and_wait(*store);
        EXPECT_TRUE(loaded) << loaded.error().message;
        return loaded ? *loaded : std::vector<stored_override>{};
    }

    test::temporary_folder folder_;
    std::filesystem::path file_ = folder_.path() / "overrides.db";
};

TEST_F(override_store_test, is_empty_at_first) {
    EXPECT_THAT(load(), SizeIs(0));
}

TEST_F(override_store_test, keeps_every_field_over_a_restart) {
    ASSERT_TRUE(put_and_wait(*open(), some_override("assurability")));
    const auto loaded = load();
    ASSERT_THAT(loaded, SizeIs(1));
    expect_equal(loaded[0], some_override("assurability"));
}

TEST_F(override_store_test, keeps_that_there_is_no_end) {
    auto endless = some_override("assurability");
    endless.until.reset();
    endless.strict = false;
    ASSERT_TRUE(put_and_wait(*open(), endless));
    const auto loaded = load();
    ASSERT_THAT(loaded, SizeIs(1));
    expect_equal(loaded[0], endless);
}

TEST_F(override_store_test, knows_every_mode) {
    for (const auto mode : {override_mode::primary, override_mode::backup, override_mode::degraded,
                            override_mode::emergency, override_mode::transparent}) {
        auto value = some_override("assurability");
        value.mode = mode;
        ASSERT_TRUE(put_and_wait(*open(), value));
        const auto loaded = load();
        ASSERT_THAT(loaded, SizeIs(1));
        EXPECT_EQ(loaded[0].mode, mode);
    }
}

TEST_F(override_store_test, the_last_put_replaces_the_ones_before) {
    {
        const auto store = open();
        store->put(some_override("assurability"), {});
        auto second = some_override("assurability");
        second.by = "operator-b";
        ASSERT_TRUE(put_and_wait(*store, second));
        ASSERT_TRUE(put_and_wait(*store, some_override("other")));
    }
    const auto loaded = load();
    ASSERT_THAT(loaded, SizeIs(2));
    EXPECT_EQ(loaded[0].by, "operator-b");
    EXPECT_EQ(loaded[1].service, "other");
}

TEST_F(override_store_test, remove_removes_only_that_service) {
    {
        const auto store = open();
        store->put(some_override("assurability"), {});
        store->put(some_override("other"), {});
        ASSERT_TRUE(remove_and_wait(*store, "assurability"));
        ASSERT_TRUE(remove_and_wait(*store, "not there"));
    }
    const auto loaded = load();
    ASSERT_THAT(loaded, SizeIs(1));
    EXPECT_EQ(loaded[0].service, "other");
}

TEST_F(override_store_test, carries_out_what_waits_before_it_ends) {
    {
        const auto store = open();
        for (int i = 0; i < 100; ++i) store->put(some_override("service" + std::to_string(i)), {});
    }
    EXPECT_THAT(load(), SizeIs(100));
}

TEST_F(override_store_test, keeps_its_files_to_its_user) {
    test::write_file(file_, "");
    ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
    const auto store = open();
    ASSERT_TRUE(put_and_wait(*store, some_override("assurability")));
    for (const char* suffix : {"", "-wal", "-shm"}) {
        struct stat status{};
        ASSERT_EQ(::stat((file_.string() + suffix).c_str(), &status), 0) << suffix;
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << suffix;
    }
}

TEST_F(override_store_test, a_file_that_is_no_database_is_set_aside) {
    const std::string junk(5'000, 'j');
    test::write_file(file_, junk);
    test::write_file(file_.string() + "-wal", "old journal");
    ASSERT_TRUE(put_and_wait(*open(), some_override("assurability")));
    EXPECT_EQ(test::read_file(file_.string() + ".corrupt-1"), junk);
    EXPECT_EQ(test::read_file(file_.string() + ".corrupt-1-wal"), "old journal");
    EXPECT_THAT(load(), SizeIs(1));
}

TEST_F(override_store_test, a_second_corrupt_file_does_not_replace_the_first) {
    test::write_file(file_, std::string(5'000, 'a'));
    (void)open();
    test::write_file(file_, std::string(5'000, 'b'));
    (void)open();
    EXPECT_EQ(test::read_file(file_.string() + ".corrupt-1")[0], 'a');
    EXPECT_EQ(test::read_file(file_.string() + ".corrupt-2")[0], 'b');
}

TEST_F(override_store_test, a_database_with_a_damaged_page_is_set_aside) {
    {
        const auto store = open();
        for (int i = 0; i < 200; ++i)
            ASSERT_TRUE(put_and_wait(*store, some_override("service" + std::to_string(i))));
    }
    auto content = test::read_file(file_);
    ASSERT_GT(content.size(), 3U * 4096U);
    content.replace(4096, 8192, 8192, '\xFF');
    test::write_file(file_, content);
    EXPECT_THAT(load(), SizeIs(0));
    EXPECT_EQ(test::read_file(file_.string() + ".corrupt-1"), content);
}

TEST_F(override_store_test, makes_the_folders_that_are_missing) {
    file_ = folder_.path() / "a" / "b" / "overrides.db";
    ASSERT_TRUE(put_and_wait(*open(), some_override("assurability")));
    EXPECT_THAT(load(), SizeIs(1));
}

/// What loading comes to when the store ends before it could be opened.
result<std::vector<stored_override>> load_until_end(std::unique_ptr<override_store> from) {
    result<std::vector<stored_override>> out;
    from->load([&](auto what) { out = std::move(what); });
    from.reset();
    return out;
}

TEST_F(override_store_test, a_folder_that_cannot_be_is_an_error_that_names_it) {
    test::write_file(folder_.path() / "a", "a file");
    file_ = folder_.path() / "a" / "overrides.db";
    const auto loaded = load_until_end(open());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr(file_.string()));
}

TEST_F(override_store_test, a_second_owner_waits_until_the_first_has_gone) {
    auto first = open();
    ASSERT_TRUE(put_and_wait(*first, some_override("assurability")));
    const auto second = open();
    std::promise<std::size_t> loaded;
    second->load([&](auto what) { loaded.set_value(what ? what->size() : 0); });
    auto count = loaded.get_future();
    ASSERT_TRUE(put_and_wait(*first, some_override("other")));
    EXPECT_EQ(count.wait_for(milliseconds{0}), std::future_status::timeout);
    first.reset();
    EXPECT_EQ(count.get(), 2U);
}

TEST_F(override_store_test, a_second_owner_does_not_keep_what_the_first_still_may_change) {
    const auto first = open();
    ASSERT_TRUE(put_and_wait(*first, some_override("assurability")));
    const auto loaded = load_until_end(open());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr(file_.string() + ".lock"));
}

void run_sql(const std::filesystem::path& file, const char* sql) {
    sqlite3* opened = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &opened), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(opened, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(opened);
    sqlite3_close(opened);
}

TEST_F(override_store_test, a_newer_schema_is_left_alone) {
    (void)open();
    run_sql(file_, "PRAGMA user_version = 2");
    const auto loaded = load_until_end(open());
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message, HasSubstr("newer version"));
    EXPECT_FALSE(std::filesystem::exists(file_.string() + ".corrupt-1"));
}

TEST_F(override_store_test, a_locked_file_is_opened_when_it_is_free) {
    (void)open();
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &other), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE", nullptr, nullptr, nullptr),
        SQLITE_OK);
    const auto store = open();
    std::promise<bool> loaded;
    store->load([&](auto what) { loaded.set_value(what.has_value()); });
    auto done = loaded.get_future();
    EXPECT_EQ(done.wait_for(milliseconds{0}), std::future_status::timeout);
    sqlite3_close_v2(other);
    EXPECT_TRUE(done.get());
}

TEST_F(override_store_test, an_unknown_mode_costs_only_its_own_override) {
    {
        const auto store = open();
        ASSERT_TRUE(put_and_wait(*store, some_override("assurability")));
        ASSERT_TRUE(put_and_wait(*store, some_override("other")));
    }
    run_sql(file_, "UPDATE overrides SET mode = 'sideways' WHERE service = 'assurability'");
    const auto loaded = load();
    ASSERT_THAT(loaded, SizeIs(1));
    EXPECT_EQ(loaded[0].service, "other");
}

TEST_F(override_store_test, the_disks_refusal_reaches_the_callback) {
    (void)open();
    run_sql(file_,
            "CREATE TRIGGER refuse BEFORE INSERT ON overrides BEGIN SELECT RAISE(ABORT, 'refused'); END");
    const auto stored = put_and_wait(*open(), some_override("assurability"));
    ASSERT_FALSE(stored);
    EXPECT_THAT(stored.error().message,
                HasSubstr("cannot keep the override in " + file_.string() + ": refused"));
}

/// Keeps the store's thread inside a callback, as a hung disk would keep it inside a write.
class held_store : public override_store_test {
  protected:
    held_store() {
        std::promise<void> reached;
        store_->put(some_override("held"), [&reached, until = release_.get_future().share()](result<void>) {
            reached.set_value();
            until.wait();
        });
        reached.get_future().wait();
    }

    std::promise<void> release_;
    std::unique_ptr<override_store> store_ = open();
};

TEST_F(held_store, refuses_changes_beyond_its_bound_at_once) {
    int kept = 0;
    for (int i = 0; i < 256; ++i)
        store_->put(some_override("service" + std::to_string(i)),
                    [&](result<void> what) { kept += what ? 1 : 0; });
    std::vector<std::string> refusals;
    const auto note = [&](result<void> what) { refusals.push_back(what ? "kept" : what.error().message); };
    store_->put(some_override("one too many"), note);
    store_->remove("service1", note);
    EXPECT_THAT(refusals, testing::Each(HasSubstr("256 changes already wait")));
    EXPECT_THAT(refusals, SizeIs(2));
    release_.set_value();
    store_.reset();
    EXPECT_EQ(kept, 256);
    EXPECT_THAT(load(), SizeIs(257));
}

/// In the child: puts one override after the other, and writes a byte for each that was reported as stored.
[[noreturn]] void put_until_killed(const std::filesystem::path& file, int pipe_end) {
    const auto opened = open_sqlite_override_store(file);
    for (int i = 0;; ++i)
        opened->put(some_override("service" + std::to_string(i)), [pipe_end](const result<void>& what) {
            if (what && ::write(pipe_end, "+", 1) != 1) ::_exit(1);
        });
}

TEST_F(override_store_test, what_was_reported_as_stored_survives_a_kill) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) put_until_killed(file_, ends[1]);
    ::close(ends[1]);
    char reports[20];
    std::size_t stored = 0;
    while (stored < sizeof reports) {
        const auto got = ::read(ends[0], reports, sizeof reports - stored);
        if (got <= 0) break;
        stored += static_cast<std::size_t>(got);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ASSERT_EQ(stored, sizeof reports);
    EXPECT_GE(load().size(), stored);
}

}  // namespace
}  // namespace garde::store
