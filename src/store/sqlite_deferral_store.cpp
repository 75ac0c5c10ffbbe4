// The deferral store over an SQLite file.
#include "garde/store/deferral_store.hpp"

#include "file_lock.hpp"
#include "sqlite_database.hpp"
#include "store_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace garde::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* schema_version = "1";

constexpr const char* schema = R"(
    BEGIN IMMEDIATE;
    CREATE TABLE sealing (
        one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
        wrapped_key BLOB NOT NULL
    ) STRICT;
    CREATE TABLE deferrals (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        id BLOB NOT NULL UNIQUE,
        service TEXT NOT NULL,
        caller BLOB NOT NULL,
        kind INTEGER NOT NULL,
        outage_ns INTEGER NOT NULL,
        kept_ns INTEGER NOT NULL,
        valid_until_ns INTEGER NOT NULL,
        state INTEGER NOT NULL,
        changed_ns INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        result TEXT NOT NULL,
        sealed BLOB NOT NULL,
        label BLOB NOT NULL
    ) STRICT;
    CREATE INDEX deferrals_by_turn ON deferrals (service, kind, state, number);
    CREATE INDEX deferrals_by_caller ON deferrals (caller, number);
    CREATE INDEX deferrals_by_outage ON deferrals (service, outage_ns, number);
    CREATE INDEX deferrals_by_end ON deferrals (state, valid_until_ns);
    CREATE INDEX deferrals_by_change ON deferrals (state, changed_ns);
    PRAGMA user_version = 1;
    COMMIT;
)";

// FULL syncs at each commit: a caller is told of what was committed. What is deleted is overwritten.
constexpr const char* writing_mode = R"(
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA journal_size_limit = 8388608;
)";

constexpr std::string_view columns =
    "number, id, service, caller, kind, outage_ns, kept_ns, valid_until_ns, state, changed_ns, attempts, "
    "result, "
    "sealed, label";

std::string_view view(const deferral_key& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

deferral_key key_from(std::string_view bytes) {
    deferral_key out{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), out.size()), out.begin());
    return out;
}

std::int64_t nanoseconds_of(wall_time at) {
    return at.time_since_epoch().count();
}
wall_time time_of(std::int64_t nanoseconds) {
    return wall_time{std::chrono::nanoseconds{nanoseconds}};
}

stored_deferral read_row(const statement& row) {
    return {.number = row.number(0),
            .id = key_from(row.bytes(1)),
            .service = row.text(2),
            .caller = key_from(row.bytes(3)),
            .kind = static_cast<std::uint8_t>(row.number(4)),
            .outage = time_of(row.number(5)),
            .kept_at = time_of(row.number(6)),
            .valid_until = time_of(row.number(7)),
            .now = {.state = static_cast<std::uint8_t>(row.number(8)),
                    .changed_at = time_of(row.number(9)),
                    .attempts = static_cast<std::uint32_t>(row.number(10)),
                    .result = row.text(11)},
            .sealed = row.bytes(12),
            .label = row.bytes(13)};
}

/// "1, 5": states are numbers of the program's own, never input.
std::string listed(std::span<const std::uint8_t> states) {
    return fmt::format("{}", fmt::join(states, ", "));
}

database_result<database> open_ready(const fs::path& file) {
    auto opened = database::open(file);
    if (!opened) return opened;
    if (auto sound = opened->check_pages(); !sound) return std::unexpected(sound.error());
    const auto version = opened->schema_version(schema_version);
    if (!version) return std::unexpected(version.error());
    if (auto done = opened->execute(writing_mode); !done) return std::unexpected(done.error());
    if (*version != schema_version)
        if (auto done = opened->execute(schema); !done) return std::unexpected(done.error());
    opened->set_closing(database::closing::clears_log);
    return opened;
}

class sqlite_deferral_store final : public deferral_store {
  public:
    sqlite_deferral_store(database opened, file_lock lock, fs::path file)
        : lock_(std::move(lock)), database_(std::move(opened)), file_(std::move(file)) {}

    result<std::optional<std::string>> wrapped_key() override {
        constexpr std::string_view what = "read the key";
        auto query = database_.prepare("SELECT wrapped_key FROM sealing");
        if (!query) return failed(what, query.error());
        const auto step = query->step();
        if (!step) return failed(what, step.error());
        if (*step == statement::step_result::done) return std::nullopt;
        return query->bytes(0);
    }

    result<void> put_wrapped_key(const std::string& wrapped) override {
        return change_with("keep the key", "INSERT OR REPLACE INTO sealing (one, wrapped_key) VALUES (1, ?)",
                           [&](statement& to) { to.bind_bytes(1, wrapped); });
    }

    result<void> begin() override { return execute("begin a transaction", "BEGIN IMMEDIATE"); }
    result<void> commit() override { return execute("write", "COMMIT"); }
    void roll_back() override {
        // Where the transaction has ended already by itself, there is nothing to do.
        std::ignore = database_.execute("ROLLBACK");
    }

    result<void> put(const stored_deferral& value) override {
        return change_with(
            "keep a deferral",
            "INSERT INTO deferrals (id, service, caller, kind, outage_ns, kept_ns, valid_until_ns, "
            "state, changed_ns, attempts, result, sealed, label) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [&](statement& to) {
                to.bind_bytes(1, view(value.id));
                to.bind(2, std::string_view(value.service));
                to.bind_bytes(3, view(value.caller));
                to.bind(4, std::int64_t{value.kind});
                to.bind(5, nanoseconds_of(value.outage));
                to.bind(6, nanoseconds_of(value.kept_at));
                to.bind(7, nanoseconds_of(value.valid_until));
                to.bind(8, std::int64_t{value.now.state});
                to.bind(9, nanoseconds_of(value.now.changed_at));
                to.bind(10, std::int64_t{value.now.attempts});
                to.bind(11, std::string_view(value.now.result));
                to.bind_bytes(12, value.sealed);
                to.bind_bytes(13, value.label);
            });
    }

    result<void> change(const deferral_key& id, const deferral_progress& to, content sealed) override {
        const std::string_view sql =
            sealed == content::stays
                ? "UPDATE deferrals SET state = ?, changed_ns = ?, attempts = ?, result = ? WHERE id = ?"
                : "UPDATE deferrals SET state = ?, changed_ns = ?, attempts = ?, result = ?, sealed = x'' "
                  "WHERE id = ?";
        return change_with("change a deferral", sql, [&](statement& with) {
            with.bind(1, std::int64_t{to.state});
            with.bind(2, nanoseconds_of(to.changed_at));
            with.bind(3, std::int64_t{to.attempts});
            with.bind(4, std::string_view(to.result));
            with.bind_bytes(5, view(id));
        });
    }

    result<void> remove(const deferral_key& id) override {
        return change_with("remove a deferral", "DELETE FROM deferrals WHERE id = ?",
                           [&](statement& with) { with.bind_bytes(1, view(id)); });
    }

    result<std::optional<stored_deferral>> first(const std::string& service, std::uint8_t kind,
                                                 std::uint8_t state) override {
        auto found =
            select("look for the next deferral", "service = ? AND kind = ? AND state = ? ORDER BY number", 1,
                   [&](statement& with) {
                       with.bind(1, std::string_view(service));
                       with.bind(2, std::int64_t{kind});
                       with.bind(3, std::int64_t{state});
                   });
        if (!found) return std::unexpected(found.error());
        if (found->empty()) return std::nullopt;
        return std::move(found->front());
    }

    result<std::vector<stored_deferral>> overdue(wall_time now, std::span<const std::uint8_t> states,
                                                 std::size_t most) override {
        return select(
            "look for deferrals whose time is over",
            fmt::format("state IN ({}) AND valid_until_ns <= ? ORDER BY valid_until_ns", listed(states)),
            most, [&](statement& with) { with.bind(1, nanoseconds_of(now)); });
    }

    result<std::vector<stored_deferral>> in_state(std::uint8_t state, std::size_t most) override {
        return select("look for deferrals", "state = ? ORDER BY number", most,
                      [&](statement& with) { with.bind(1, std::int64_t{state}); });
    }

    result<std::vector<stored_deferral>> of_kind(std::uint8_t kind, std::uint8_t state, std::int64_t after,
                                                 std::size_t most) override {
        return select("list deferrals", "kind = ? AND state = ? AND number > ? ORDER BY number", most,
                      [&](statement& with) {
                          with.bind(1, std::int64_t{kind});
                          with.bind(2, std::int64_t{state});
                          with.bind(3, after);
                      });
    }

    result<std::vector<stored_deferral>> of_caller(const deferral_key& caller, std::size_t most) override {
        return select("list deferrals", "caller = ? ORDER BY number DESC", most,
                      [&](statement& with) { with.bind_bytes(1, view(caller)); });
    }

    result<std::vector<stored_deferral>> of_outage(const std::string& service, wall_time outage,
                                                   std::int64_t after, std::size_t most) override {
        return select("list deferrals", "service = ? AND outage_ns = ? AND number > ? ORDER BY number", most,
                      [&](statement& with) {
                          with.bind(1, std::string_view(service));
                          with.bind(2, nanoseconds_of(outage));
                          with.bind(3, after);
                      });
    }

    result<std::vector<deferral_count>> counts() override {
        constexpr std::string_view what = "count the deferrals";
        auto query = database_.prepare(
            "SELECT service, outage_ns, kind, state, count(*), max(kept_ns) FROM deferrals GROUP BY service, "
            "outage_ns, "
            "kind, state "
            "ORDER BY outage_ns, service, kind, state");
        if (!query) return failed(what, query.error());
        std::vector<deferral_count> out;
        for (;;) {
            const auto step = query->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::done) return out;
            out.push_back({.service = query->text(0),
                           .outage = time_of(query->number(1)),
                           .kind = static_cast<std::uint8_t>(query->number(2)),
                           .state = static_cast<std::uint8_t>(query->number(3)),
                           .count = static_cast<std::uint64_t>(query->number(4)),
                           .last_kept = time_of(query->number(5))});
        }
    }

    result<std::size_t> remove_unchanged_since(wall_time then, std::span<const std::uint8_t> states,
                                               std::size_t most) override {
        const auto old =
            select("look for old deferrals",
                   fmt::format("state IN ({}) AND changed_ns <= ? ORDER BY changed_ns", listed(states)), most,
                   [&](statement& with) { with.bind(1, nanoseconds_of(then)); });
        if (!old) return std::unexpected(old.error());
        if (old->empty()) return 0;
        if (auto done = begin(); !done) return std::unexpected(done.error());
        result<void> done;
        for (const auto& each : *old)
            if (done) done = remove(each.id);
        if (done) done = commit();
        if (!done) {
            roll_back();
            return std::unexpected(done.error());
        }
        if (auto shrunk = execute("give room back", "PRAGMA incremental_vacuum(1024)"); !shrunk)
            return std::unexpected(shrunk.error());
        return old->size();
    }

    result<std::uint64_t> bytes() override {
        const auto text = database_.query_text(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, "
            "pragma_page_size");
        if (!text) return failed("measure the store", text.error());
        return std::stoull(*text);
    }

  private:
    std::unexpected<error> failed(std::string_view what, const database_error& why) const {
        return fail(fmt::format("cannot {} in {}: {}", what, file_.string(), why.message));
    }

    result<void> execute(std::string_view what, const char* sql) {
        if (auto done = database_.execute(sql); !done) return failed(what, done.error());
        return {};
    }

    /// Prepared at its first use, and kept.
    database_result<statement*> prepared(std::string_view sql) {
        auto found = statements_.find(sql);
        if (found == statements_.end()) {
            auto made = database_.prepare(sql);
            if (!made) return std::unexpected(made.error());
            found = statements_.emplace(sql, std::move(*made)).first;
        }
        found->second.reset();  // it may have failed half-way the last time
        return &found->second;
    }

    template <class Bind>
    result<void> change_with(std::string_view what, std::string_view sql, Bind bind) {
        const auto with = prepared(sql);
        if (!with) return failed(what, with.error());
        bind(**with);
        const auto step = (*with)->step();
        if (!step) return failed(what, step.error());
        (*with)->reset();
        return {};
    }

    template <class Bind>
    result<std::vector<stored_deferral>> select(std::string_view what, std::string_view where,
                                                std::size_t most, Bind bind) {
        const auto with =
            prepared(fmt::format("SELECT {} FROM deferrals WHERE {} LIMIT {}", columns, where, most));
        if (!with) return failed(what, with.error());
        bind(**with);
        std::vector<stored_deferral> out;
        for (;;) {
            const auto step = (*with)->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::done) break;
            out.push_back(read_row(**with));
        }
        (*with)->reset();
        return out;
    }

    file_lock lock_;  // first, so that it is given back last
    database database_;
    const fs::path file_;
    std::map<std::string, statement, std::less<>> statements_;  ///< by their text
};

}  // namespace

result<std::unique_ptr<deferral_store>> open_sqlite_deferral_store(const fs::path& file) {
    make_folder(file.parent_path());
    auto lock = file_lock::take(file.string() + ".lock");
    if (!lock) return std::unexpected(lock.error());
    auto opened = open_ready(file);
    if (!opened && opened.error().kind == failure_kind::corrupt) {
        const auto aside = set_aside(file);
        if (!aside) return std::unexpected(aside.error());
        spdlog::error(
            "store: {} was corrupt ({}); it was set aside as {}, and a new one begun: the requests that it "
            "held will not be asked again unless it can be repaired",
            file.string(), opened.error().message, aside->string());
        opened = open_ready(file);
    }
    if (!opened)
        return fail(fmt::format("cannot use {}: {}; the folder must be writable for garde", file.string(),
                                opened.error().message));
    return std::make_unique<sqlite_deferral_store>(*std::move(opened), std::move(*lock), file);
}

}  // namespace garde::store
