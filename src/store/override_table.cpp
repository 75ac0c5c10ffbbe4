// See override_table.hpp.
#include "override_table.hpp"

#include "store_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace garde::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* schema_version = "1";

constexpr const char* schema = R"(
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS overrides (
        service TEXT NOT NULL PRIMARY KEY,
        mode TEXT NOT NULL,
        strict INTEGER NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        since_ns INTEGER NOT NULL,
        until_ns INTEGER
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;
    COMMIT;
)";

/// Beside the first version's table: a garde that does not know it leaves it alone.
constexpr const char* procedures_schema = R"(
    CREATE TABLE IF NOT EXISTS procedures (
        service TEXT NOT NULL PRIMARY KEY,
        ordered INTEGER NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL,
        since_ns INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
)";

/// Opens the file and brings it to the state that the operations need.
database_result<database> open_ready(const fs::path& file) {
    auto opened = database::open(file);
    if (!opened) return opened;
    if (auto sound = opened->check_pages(); !sound) return std::unexpected(sound.error());
    const auto version = opened->schema_version(schema_version);
    if (!version) return std::unexpected(version.error());
    // WAL survives a kill at any moment; FULL syncs at each commit, so that what was reported as stored is.
    if (auto done = opened->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"); !done)
        return std::unexpected(done.error());
    if (*version != schema_version)
        if (auto done = opened->execute(schema); !done) return std::unexpected(done.error());
    if (auto done = opened->execute(procedures_schema); !done) return std::unexpected(done.error());
    opened->set_closing(database::closing::clears_log);
    return opened;
}

std::int64_t to_nanoseconds(wall_time at) {
    return at.time_since_epoch().count();
}
wall_time from_nanoseconds(std::int64_t count) {
    return wall_time{std::chrono::nanoseconds{count}};
}

}  // namespace

std::unexpected<error> override_table::failed(std::string_view what, const database_error& why) const {
    return fail(fmt::format("cannot {} in {}: {}", what, file_.string(), why.message));
}

result<override_table> override_table::open(const fs::path& file) {
    auto opened = open_ready(file);
    if (!opened && opened.error().kind == failure_kind::corrupt) {
        const auto aside = set_aside(file);
        if (!aside) return std::unexpected(aside.error());
        spdlog::warn(
            "store: {} was corrupt ({}); it was set aside as {}, and a new one begun: overrides that it held "
            "are no "
            "longer in force",
            file.string(), opened.error().message, aside->string());
        opened = open_ready(file);
    }
    if (!opened)
        return fail(fmt::format("cannot use {}: {}; the folder must be writable for garde", file.string(),
                                opened.error().message));
    return override_table(*std::move(opened), file);
}

result<std::vector<stored_override>> override_table::load() {
    constexpr std::string_view what = "read the overrides";
    auto query = database_.prepare(
        "SELECT service, mode, strict, by, reason, since_ns, until_ns FROM overrides ORDER BY service");
    if (!query) return failed(what, query.error());
    std::vector<stored_override> out;
    for (;;) {
        const auto step = query->step();
        if (!step) return failed(what, step.error());
        if (*step == statement::step_result::done) return out;
        const auto mode = continuity::override_mode_from(query->text(1));
        if (!mode) {
            // One row that somebody edited must not cost the others.
            spdlog::error("store: the override of {} in {} has an unknown mode and is ignored",
                          query->text(0), file_.string());
            continue;
        }
        stored_override value{.service = query->text(0),
                              .mode = *mode,
                              .strict = query->number(2) != 0,
                              .by = query->text(3),
                              .reason = query->text(4),
                              .since = from_nanoseconds(query->number(5)),
                              .until = std::nullopt};
        if (const auto until = query->optional_number(6)) value.until = from_nanoseconds(*until);
        out.push_back(std::move(value));
    }
}

result<void> override_table::put(const stored_override& value) {
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO overrides (service, mode, strict, by, reason, since_ns, until_ns) VALUES (?, "
        "?, ?, ?, ?, ?, ?)");
    if (insert) {
        insert->bind(1, value.service);
        insert->bind(2, to_text(value.mode));
        insert->bind(3, std::int64_t{value.strict ? 1 : 0});
        insert->bind(4, value.by);
        insert->bind(5, value.reason);
        insert->bind(6, to_nanoseconds(value.since));
        if (value.until) insert->bind(7, to_nanoseconds(*value.until));
    }
    return finish("keep the override", insert);
}

result<void> override_table::remove(const std::string& service) {
    auto erase = database_.prepare("DELETE FROM overrides WHERE service = ?");
    if (erase) erase->bind(1, service);
    return finish("remove the override", erase);
}

result<std::vector<stored_procedure>> override_table::load_procedures() {
    constexpr std::string_view what = "read the open procedures";
    auto query =
        database_.prepare("SELECT service, ordered, by, reason, since_ns FROM procedures ORDER BY service");
    if (!query) return failed(what, query.error());
    std::vector<stored_procedure> out;
    for (;;) {
        const auto step = query->step();
        if (!step) return failed(what, step.error());
        if (*step == statement::step_result::done) return out;
        out.push_back({.service = query->text(0),
                       .ordered = query->number(1) != 0,
                       .by = query->text(2),
                       .reason = query->text(3),
                       .since = from_nanoseconds(query->number(4))});
    }
}

result<void> override_table::open_procedure(const stored_procedure& value) {
    auto insert = database_.prepare(
        "INSERT OR REPLACE INTO procedures (service, ordered, by, reason, since_ns) VALUES (?, ?, ?, ?, ?)");
    if (insert) {
        insert->bind(1, value.service);
        insert->bind(2, std::int64_t{value.ordered ? 1 : 0});
        insert->bind(3, value.by);
        insert->bind(4, value.reason);
        insert->bind(5, to_nanoseconds(value.since));
    }
    return finish("keep that the procedure is open", insert);
}

result<void> override_table::close_procedure(const std::string& service) {
    auto erase = database_.prepare("DELETE FROM procedures WHERE service = ?");
    if (erase) erase->bind(1, service);
    return finish("keep that the procedure is closed", erase);
}

result<void> override_table::finish(std::string_view what, database_result<statement>& prepared) const {
    if (!prepared) return failed(what, prepared.error());
    const auto step = prepared->step();
    if (!step) return failed(what, step.error());
    return {};
}

}  // namespace garde::store
