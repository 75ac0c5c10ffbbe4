// Which emergency procedures are open, over restarts, in the same file as the overrides.
#include "garde/store/override_store.hpp"

#include "../support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <future>

namespace garde::store {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

stored_procedure some_procedure(std::string service) {
    return {.service = std::move(service),
            .ordered = true,
            .by = "operator-a",
            .reason = "storage, \"still\" copied é",
            .since = *parse_rfc3339("2018-08-09T20:30:00.123456789Z")};
}

class procedures_test : public testing::Test {
  protected:
    std::unique_ptr<override_store> open() { return open_sqlite_override_store(file_); }
    static result<void> keep(override_store& in, stored_procedure value) {
        std::promise<result<void>> out;
        in.open_procedure(std::move(value), [&](result<void> said) { out.set_value(std::move(said)); });
        return out.get_future().get();
    }
    static result<void> forget(override_store& in, std::string service) {
        std::promise<result<void>> out;
        in.close_procedure(std::move(service), [&](result<void> said) { out.set_value(std::move(said)); });
        return out.get_future().get();
    }
    static result<std::vector<stored_procedure>> load(override_store& from) {
        std::promise<result<std::vector<stored_procedure>>> out;
        from.load_procedures([&](auto said) { out.set_value(std::move(said)); });
        return out.get_future().get();
    }

    test::temporary_folder folder_;
    std::filesystem::path file_ = folder_.path() / "garde.sqlite";
};

TEST_F(procedures_test, none_is_open_at_first) {
    const auto loaded = load(*open());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_THAT(*loaded, SizeIs(0));
}

TEST_F(procedures_test, every_field_is_kept_over_a_restart) {
    for (const bool ordered : {true, false}) {
        auto sent = some_procedure("assurability");
        sent.ordered = ordered;
        ASSERT_TRUE(keep(*open(), sent));
        const auto loaded = load(*open());
        ASSERT_TRUE(loaded) << loaded.error().message;
        ASSERT_THAT(*loaded, SizeIs(1)) << "the later one is in place of the former";
        EXPECT_EQ((*loaded)[0].service, sent.service);
        EXPECT_EQ((*loaded)[0].ordered, sent.ordered);
        EXPECT_EQ((*loaded)[0].by, sent.by);
        EXPECT_EQ((*loaded)[0].reason, sent.reason);
        EXPECT_EQ((*loaded)[0].since, sent.since);
    }
}

TEST_F(procedures_test, closing_one_leaves_the_others_open) {
    {
        const auto store = open();
        ASSERT_TRUE(keep(*store, some_procedure("assurability")));
        ASSERT_TRUE(keep(*store, some_procedure("other")));
        ASSERT_TRUE(forget(*store, "assurability"));
        ASSERT_TRUE(forget(*store, "not there"));
    }
    const auto loaded = load(*open());
    ASSERT_TRUE(loaded) << loaded.error().message;
    ASSERT_THAT(*loaded, SizeIs(1));
    EXPECT_EQ((*loaded)[0].service, "other");
}

TEST_F(procedures_test, a_file_of_an_earlier_garde_gets_their_table) {
    ASSERT_TRUE(keep(*open(), some_procedure("assurability")));
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, "DROP TABLE procedures", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
    const auto loaded = load(*open());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_THAT(*loaded, SizeIs(0));
    EXPECT_TRUE(keep(*open(), some_procedure("assurability")));
}

TEST_F(procedures_test, the_disks_refusal_reaches_the_callback) {
    ASSERT_TRUE(forget(*open(), "nothing"));
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database,
                           "CREATE TRIGGER refuse BEFORE INSERT ON procedures BEGIN SELECT RAISE(ABORT, "
                           "'refused'); END",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(database);
    const auto said = keep(*open(), some_procedure("assurability"));
    ASSERT_FALSE(said);
    EXPECT_THAT(said.error().message,
                HasSubstr("cannot keep that the procedure is open in " + file_.string()));
}

}  // namespace
}  // namespace garde::store
