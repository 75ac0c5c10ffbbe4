// See reply_schema.hpp.
#include "reply_schema.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace garde::store {
namespace {

/// 1 had no callers.
constexpr const char* schema_version = "2";

// A reply's removal tags stand in its row, too, so that it can be removed without an index by reply. Its
// caller is a number, which is small; there is no index by it, as only an operator's purge goes by caller.
constexpr const char* schema = R"(
    BEGIN IMMEDIATE;
    CREATE TABLE epochs (
        id INTEGER NOT NULL PRIMARY KEY,
        begun_ns INTEGER NOT NULL,
        wrapped_key BLOB NOT NULL
    ) STRICT;
    CREATE TABLE callers (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        epoch INTEGER NOT NULL,
        tag BLOB NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE TABLE replies (
        id INTEGER NOT NULL PRIMARY KEY,
        epoch INTEGER NOT NULL,
        consulted_ns INTEGER NOT NULL,
        caller INTEGER NOT NULL,
        tag BLOB NOT NULL,
        removal_tags BLOB NOT NULL,
        sealed BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX replies_by_tag ON replies (tag);
    CREATE INDEX replies_by_time ON replies (consulted_ns);
    CREATE TABLE removals (
        tag BLOB NOT NULL,
        reply INTEGER NOT NULL,
        PRIMARY KEY (tag, reply)
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 2;
    COMMIT;
)";

// Came later than the others; who does not know it does without.
constexpr const char* bars_schema = R"(
    CREATE TABLE IF NOT EXISTS bars (
        tag BLOB NOT NULL PRIMARY KEY,
        epoch INTEGER NOT NULL,
        until_ns INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
)";

// FULL syncs at each commit, so that what was committed stays. What is deleted is overwritten. The log and
// the file shrink again after a busy hour.
constexpr const char* writing_mode = R"(
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA journal_size_limit = 8388608;
)";

// Overwritten as well (secure_delete); what was freed goes back to the disk.
constexpr const char* emptying = R"(
    BEGIN IMMEDIATE;
    DROP TABLE replies;
    DROP TABLE removals;
    DROP TABLE epochs;
    PRAGMA user_version = 0;
    COMMIT;
    PRAGMA wal_checkpoint(TRUNCATE);
)";

constexpr std::string_view earlier_version = "1";

}  // namespace

database_result<database> open_reply_database(const std::filesystem::path& file) {
    auto opened = database::open(file);
    if (!opened) return opened;
    const auto version = opened->schema_version(schema_version, earlier_version);
    if (!version) return std::unexpected(version.error());
    if (auto done = opened->execute(writing_mode); !done) return std::unexpected(done.error());
    if (*version == earlier_version) {
        spdlog::warn(
            "store: {} was written by an earlier garde, which did not keep who had asked: the "
            "answers in it are removed",
            file.string());
        if (auto done = opened->execute(emptying); !done) return std::unexpected(done.error());
    }
    if (*version != schema_version)
        if (auto done = opened->execute(schema); !done) return std::unexpected(done.error());
    if (auto done = opened->execute(bars_schema); !done) return std::unexpected(done.error());
    opened->set_closing(database::closing::clears_log);
    return opened;
}

}  // namespace garde::store
