// The reply store over an SQLite file.
#include "garde/store/reply_store.hpp"

#include "file_lock.hpp"
#include "reply_rows.hpp"
#include "reply_schema.hpp"
#include "sqlite_database.hpp"
#include "store_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace garde::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t destroyed_at_once = 1000;

class sqlite_reply_store final : public reply_store {
  public:
    sqlite_reply_store(database opened, std::optional<file_lock> lock, fs::path file)
        : lock_(std::move(lock)), database_(std::move(opened)), file_(std::move(file)) {}

    result<std::vector<stored_epoch>> epochs() override {
        constexpr std::string_view what = "read the epochs";
        auto query = database_.prepare("SELECT id, begun_ns, wrapped_key FROM epochs ORDER BY id");
        if (!query) return failed(what, query.error());
        std::vector<stored_epoch> out;
        for (;;) {
            const auto step = query->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::done) return out;
            out.push_back({query->number(0), time_of(query->number(1)), query->bytes(2)});
        }
    }

    result<void> put_epoch(const stored_epoch& value) override {
        auto insert =
            database_.prepare("INSERT OR REPLACE INTO epochs (id, begun_ns, wrapped_key) VALUES (?, ?, ?)");
        if (insert) {
            insert->bind(1, value.id);
            insert->bind(2, nanoseconds_of(value.begun));
            insert->bind_bytes(3, value.wrapped_key);
        }
        return finish("keep an epoch's key", insert);
    }

    /// In parts: there may be a million replies. The key goes last, so that what is begun can be ended.
    result<void> destroy_epoch(std::int64_t id) override {
        constexpr std::string_view what = "destroy an epoch";
        const auto some =
            fmt::format("SELECT {} FROM replies WHERE epoch = {} LIMIT {}", columns, id, destroyed_at_once);
        for (;;) {
            const auto rows = select(what, some);
            if (!rows) return std::unexpected(rows.error());
            if (rows->empty()) break;
            if (auto done = remove_all(*rows); !done) return done;
        }
        for (const auto* sql : {"DELETE FROM callers WHERE epoch = ?", "DELETE FROM bars WHERE epoch = ?",
                                "DELETE FROM epochs WHERE id = ?"}) {
            auto erase = database_.prepare(sql);
            if (erase) erase->bind(1, id);
            if (auto done = finish(what, erase); !done) return done;
        }
        // The log may hold the page with the key on it until it is written anew.
        const auto cleared = database_.query_text("PRAGMA wal_checkpoint(TRUNCATE)");
        if (!cleared) return failed(what, cleared.error());
        return {};
    }

    result<std::vector<stored_caller>> callers() override {
        constexpr std::string_view what = "read the callers";
        auto query = database_.prepare("SELECT id, epoch, tag, sealed FROM callers ORDER BY id");
        if (!query) return failed(what, query.error());
        std::vector<stored_caller> out;
        for (;;) {
            const auto step = query->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::done) return out;
            out.push_back({query->number(0), query->number(1), tag_from(query->bytes(2)), query->bytes(3)});
        }
    }

    result<std::int64_t> put_caller(const stored_caller& value) override {
        constexpr std::string_view what = "keep a caller";
        auto insert =
            database_.prepare("INSERT INTO callers (epoch, tag, sealed) VALUES (?, ?, ?) RETURNING id");
        if (!insert) return failed(what, insert.error());
        insert->bind(1, value.epoch);
        insert->bind_bytes(2, view(value.tag));
        insert->bind_bytes(3, value.sealed);
        const auto step = insert->step();
        if (!step) return failed(what, step.error());
        return insert->number(0);
    }

    result<std::vector<stored_bar>> bars() override {
        constexpr std::string_view what = "read the bars";
        auto query = database_.prepare("SELECT epoch, tag, until_ns FROM bars");
        if (!query) return failed(what, query.error());
        std::vector<stored_bar> out;
        for (;;) {
            const auto step = query->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::done) return out;
            out.push_back({query->number(0), tag_from(query->bytes(1)), time_of(query->number(2))});
        }
    }

    result<void> put_bar(const stored_bar& value) override {
        auto insert =
            database_.prepare("INSERT OR REPLACE INTO bars (epoch, tag, until_ns) VALUES (?, ?, ?)");
        if (insert) {
            insert->bind(1, value.epoch);
            insert->bind_bytes(2, view(value.tag));
            insert->bind(3, nanoseconds_of(value.until));
        }
        return finish("keep a bar", insert);
    }

    result<void> begin() override { return execute("begin a transaction", "BEGIN IMMEDIATE"); }
    result<void> commit() override { return execute("write", "COMMIT"); }
    void roll_back() override {
        replies_.reset();
        // Where the transaction has ended already by itself, there is nothing to do.
        std::ignore = database_.execute("ROLLBACK");
    }

    result<void> begin_reading() override { return execute("begin to read", "BEGIN"); }
    void end_reading() override { std::ignore = database_.execute("COMMIT"); }

    result<void> put(const sealed_reply& value) override {
        constexpr std::string_view what = "keep a reply";
        if (auto done =
                prepared(insert_,
                         "INSERT INTO replies (epoch, consulted_ns, tag, removal_tags, sealed, caller) "
                         "VALUES (?, ?, ?, ?, ?, ?) RETURNING id");
            !done)
            return failed(what, done.error());
        insert_->bind(1, value.epoch);
        insert_->bind(2, nanoseconds_of(value.consulted_at));
        insert_->bind_bytes(3, view(value.tag));
        insert_->bind_bytes(4, joined(value.removal_tags));
        insert_->bind_bytes(5, value.sealed);
        insert_->bind(6, value.caller);
        const auto step = insert_->step();
        if (!step) return failed(what, step.error());
        const auto id = insert_->number(0);
        insert_->reset();
        if (replies_) ++*replies_;
        return for_each_removal_tag(what, "INSERT OR IGNORE INTO removals (tag, reply) VALUES (?, ?)",
                                    insert_removal_, {id, value});
    }

    result<void> remove(const stored_reply& value) override {
        constexpr std::string_view what = "remove a reply";
        if (auto done = prepared(delete_, "DELETE FROM replies WHERE id = ?"); !done)
            return failed(what, done.error());
        delete_->bind(1, value.id);
        const auto step = delete_->step();
        if (!step) return failed(what, step.error());
        delete_->reset();
        if (replies_ && *replies_ > 0) --*replies_;
        return for_each_removal_tag(what, "DELETE FROM removals WHERE tag = ? AND reply = ?", delete_removal_,
                                    value);
    }

    result<std::optional<stored_reply>> find(std::span<const reply_tag> tags) override {
        constexpr std::string_view what = "look for a reply";
        static const auto sql = fmt::format("SELECT {} FROM replies WHERE tag = ?", columns);
        std::optional<stored_reply> out;
        for (const auto& tag : tags) {
            if (auto done = prepared(find_, sql); !done) return failed(what, done.error());
            find_->bind_bytes(1, view(tag));
            const auto step = find_->step();
            if (!step) return failed(what, step.error());
            if (*step == statement::step_result::row) {
                auto row = read_row(*find_);
                if (!out || out->reply.consulted_at < row.reply.consulted_at) out = std::move(row);
            }
            find_->reset();
        }
        return out;
    }

    result<std::vector<stored_reply>> find_removable(std::span<const reply_tag> removal_tags,
                                                     std::int64_t but_for) override {
        constexpr std::string_view what = "look for the replies to remove";
        static const auto sql = fmt::format(
            "SELECT {} FROM replies WHERE id IN (SELECT reply FROM removals WHERE tag = ? AND reply <> ?)",
            columns);
        std::vector<stored_reply> out;
        for (const auto& tag : removal_tags) {
            if (auto done = prepared(find_removable_, sql); !done) return failed(what, done.error());
            find_removable_->bind_bytes(1, view(tag));
            find_removable_->bind(2, but_for);
            if (auto done = read_rows(*find_removable_, out); !done) return failed(what, done.error());
            find_removable_->reset();
        }
        return out;
    }

    result<std::vector<stored_reply>> page(const reply_cursor& after, std::size_t most) override {
        return select(
            "read the replies",
            fmt::format("SELECT {} FROM replies WHERE consulted_ns < {} OR (consulted_ns = {} AND id < "
                        "{}) ORDER BY consulted_ns DESC, id DESC LIMIT {}",
                        columns, nanoseconds_of(after.consulted_at), nanoseconds_of(after.consulted_at),
                        after.id, most));
    }

    result<std::size_t> remove_older(wall_time than, std::size_t most) override {
        const auto old = select(
            "look for old replies",
            fmt::format("SELECT {} FROM replies WHERE consulted_ns < {} ORDER BY consulted_ns LIMIT {}",
                        columns, nanoseconds_of(than), most));
        if (!old) return std::unexpected(old.error());
        if (old->empty()) return 0;
        if (auto done = remove_all(*old); !done) return std::unexpected(done.error());
        if (auto shrunk = execute("give room back", "PRAGMA incremental_vacuum(1024)"); !shrunk)
            return std::unexpected(shrunk.error());
        return old->size();
    }

    /// By id, so that each reply is looked at once.
    result<std::uint64_t> purge(const reply_selection& which) override {
        std::string condition;
        if (which.callers) condition += fmt::format(" AND caller IN ({})", fmt::join(*which.callers, ", "));
        if (which.before) condition += fmt::format(" AND consulted_ns < {}", nanoseconds_of(*which.before));
        std::uint64_t out = 0;
        for (std::int64_t after = 0;;) {
            const auto some =
                select("look for the replies to purge",
                       fmt::format("SELECT {} FROM replies WHERE id > {}{} ORDER BY id LIMIT {}", columns,
                                   after, condition, destroyed_at_once));
            if (!some) return std::unexpected(some.error());
            if (some->empty()) return out;
            if (auto done = remove_all(*some); !done) return std::unexpected(done.error());
            out += some->size();
            after = some->back().id;
        }
    }

    result<reply_store_size> size() override {
        constexpr std::string_view what = "measure the store";
        if (!replies_) {
            const auto count = number("SELECT count(*) FROM replies");
            if (!count) return failed(what, count.error());
            replies_ = *count;
        }
        const auto pages = number(
            "SELECT page_count - freelist_count FROM pragma_page_count, "
            "pragma_freelist_count");
        const auto bytes = number("PRAGMA page_size");
        if (!pages) return failed(what, pages.error());
        if (!bytes) return failed(what, bytes.error());
        return reply_store_size{.replies = *replies_, .bytes = *pages * *bytes};
    }

    result<void> check(const std::function<bool()>& give_up) override {
        constexpr std::string_view what = "check the database";
        if (give_up()) return {};
        const auto found = database_.query_text("PRAGMA quick_check(1)");
        if (!found && give_up()) return {};
        if (!found) return failed(what, found.error());
        if (*found != "ok") return failed(what, {failure_kind::corrupt, "damaged pages"});
        return {};
    }

    void interrupt_check() override { database_.interrupt(); }

    [[nodiscard]] bool damaged() const override { return damaged_; }

  private:
    std::unexpected<error> failed(std::string_view what, const database_error& why) {
        damaged_ = damaged_ || why.kind == failure_kind::corrupt;
        return fail(fmt::format("cannot {} in {}: {}", what, file_.string(), why.message));
    }

    result<void> execute(std::string_view what, const char* sql) {
        if (auto done = database_.execute(sql); !done) return failed(what, done.error());
        return {};
    }

    /// Prepares the statement at its first use.
    database_result<void> prepared(std::optional<statement>& which, std::string_view sql) {
        if (which) {
            which->reset();  // it may have failed half-way the last time
            return {};
        }
        auto made = database_.prepare(sql);
        if (!made) return std::unexpected(made.error());
        which.emplace(std::move(*made));
        return {};
    }

    database_result<std::uint64_t> number(std::string_view sql) {
        auto query = database_.prepare(sql);
        if (!query) return std::unexpected(query.error());
        const auto step = query->step();
        if (!step) return std::unexpected(step.error());
        return static_cast<std::uint64_t>(query->number(0));
    }

    static database_result<void> read_rows(statement& query, std::vector<stored_reply>& into) {
        for (;;) {
            const auto step = query.step();
            if (!step) return std::unexpected(step.error());
            if (*step == statement::step_result::done) return {};
            into.push_back(read_row(query));
        }
    }

    result<std::vector<stored_reply>> select(std::string_view what, const std::string& sql) {
        auto query = database_.prepare(sql);
        if (!query) return failed(what, query.error());
        std::vector<stored_reply> out;
        if (auto done = read_rows(*query, out); !done) return failed(what, done.error());
        return out;
    }

    result<void> for_each_removal_tag(std::string_view what, std::string_view sql,
                                      std::optional<statement>& which, const stored_reply& of) {
        for (const auto& tag : of.reply.removal_tags) {
            if (auto done = prepared(which, sql); !done) return failed(what, done.error());
            which->bind_bytes(1, view(tag));
            which->bind(2, of.id);
            const auto step = which->step();
            if (!step) return failed(what, step.error());
            which->reset();
        }
        return {};
    }

    /// In a transaction of its own.
    result<void> remove_all(const std::vector<stored_reply>& rows) {
        if (auto done = begin(); !done) return done;
        result<void> done;
        for (const auto& each : rows)
            if (done) done = remove(each);
        if (done) done = commit();
        if (!done) roll_back();
        return done;
    }

    result<void> finish(std::string_view what, database_result<statement>& made) {
        if (!made) return failed(what, made.error());
        const auto step = made->step();
        if (!step) return failed(what, step.error());
        return {};
    }

    std::optional<file_lock> lock_;  // first, so that it is given back last
    database database_;
    const fs::path file_;
    std::optional<statement> insert_, insert_removal_, delete_, delete_removal_, find_, find_removable_;
    std::optional<std::uint64_t> replies_;  ///< counted once, then kept
    bool damaged_ = false;
};

}  // namespace

result<std::unique_ptr<reply_store>> open_sqlite_reply_store(const fs::path& file, reply_file state) {
    make_folder(file.parent_path());
    auto lock = file_lock::take(file.string() + ".lock");
    if (!lock) return std::unexpected(lock.error());
    database_result<database> opened =
        state == reply_file::as_it_is
            ? open_reply_database(file)
            : std::unexpected(database_error{failure_kind::corrupt, "it was found damaged while in use"});
    if (!opened && opened.error().kind == failure_kind::corrupt) {
        const auto aside = set_aside(file);
        if (!aside) return std::unexpected(aside.error());
        spdlog::warn(
            "store: {} was corrupt ({}); it was set aside as {}, and a new one begun: the answers that "
            "it held are lost",
            file.string(), opened.error().message, aside->string());
        opened = open_reply_database(file);
    }
    if (!opened)
        return fail(fmt::format("cannot use {}: {}; the folder must be writable for garde", file.string(),
                                opened.error().message));
    return std::make_unique<sqlite_reply_store>(*std::move(opened), std::move(*lock), file);
}

result<std::unique_ptr<reply_store>> open_sqlite_reply_reader(const fs::path& file) {
    auto opened = database::open(file);
    if (!opened) return fail(fmt::format("cannot read {}: {}", file.string(), opened.error().message));
    return std::make_unique<sqlite_reply_store>(*std::move(opened), std::nullopt, file);
}

}  // namespace garde::store
