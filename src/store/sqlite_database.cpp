// See sqlite_database.hpp.
#include "sqlite_database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace garde::store {
namespace {

constexpr int busy_timeout_ms = 1000;

std::unexpected<database_error> failed(sqlite3* from) {
    const int primary_code = sqlite3_errcode(from) & 0xFF;
    const auto kind = primary_code == SQLITE_CORRUPT || primary_code == SQLITE_NOTADB ? failure_kind::corrupt
                                                                                      : failure_kind::other;
    return std::unexpected(database_error{kind, sqlite3_errmsg(from)});
}

std::unexpected<database_error> failed_with_errno() {
    return std::unexpected(
        database_error{failure_kind::other, std::error_code(errno, std::generic_category()).message()});
}

/// Makes the file before SQLite would, with permissions that its journals then inherit, and gives its name to
/// the disk.
database_result<void> make_file(const std::filesystem::path& file) {
    const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) return failed_with_errno();
    const bool restricted = ::fchmod(made, 0600) == 0;
    const auto why = failed_with_errno();
    ::close(made);
    if (!restricted) return why;
    const auto parent = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return failed_with_errno();
    const bool synced = ::fsync(folder) == 0;
    const auto why_not_synced = failed_with_errno();
    ::close(folder);
    if (!synced) return why_not_synced;
    return {};
}

}  // namespace

void statement::finalizer::operator()(sqlite3_stmt* what) const noexcept {
    sqlite3_finalize(what);
}
void database::closer::operator()(sqlite3* what) const noexcept {
    sqlite3_close_v2(what);
}

// Binding fails only for want of memory or a wrong number, both of which step() then reports or a test finds.
void statement::bind(int parameter, std::string_view text) {
    sqlite3_bind_text64(what_.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void statement::bind(int parameter, std::int64_t number) {
    sqlite3_bind_int64(what_.get(), parameter, number);
}
void statement::bind_null(int parameter) {
    sqlite3_bind_null(what_.get(), parameter);
}

void statement::bind_bytes(int parameter, std::string_view bytes) {
    sqlite3_bind_blob64(what_.get(), parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}
void statement::reset() {
    sqlite3_reset(what_.get());
    sqlite3_clear_bindings(what_.get());
}

database_result<statement::step_result> statement::step() {
    switch (sqlite3_step(what_.get())) {
        case SQLITE_ROW: return step_result::row;
        case SQLITE_DONE: return step_result::done;
        default: return failed(sqlite3_db_handle(what_.get()));
    }
}

std::string statement::text(int column) const {
    const auto* begin = sqlite3_column_text(what_.get(), column);
    const auto length = sqlite3_column_bytes(what_.get(), column);
    if (begin == nullptr) return {};
    return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(length)};
}

std::string statement::bytes(int column) const {
    const auto* begin = static_cast<const char*>(sqlite3_column_blob(what_.get(), column));
    const auto length = sqlite3_column_bytes(what_.get(), column);
    if (begin == nullptr) return {};
    return {begin, static_cast<std::size_t>(length)};
}

std::int64_t statement::number(int column) const {
    return sqlite3_column_int64(what_.get(), column);
}

std::optional<std::int64_t> statement::optional_number(int column) const {
    if (sqlite3_column_type(what_.get(), column) == SQLITE_NULL) return std::nullopt;
    return number(column);
}

database_result<database> database::open(const std::filesystem::path& file) {
    if (auto made = make_file(file); !made) return std::unexpected(made.error());
    sqlite3* opened = nullptr;
    const int code =
        sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    database out(opened);  // even a failed one must be closed
    if (opened == nullptr) return std::unexpected(database_error{failure_kind::other, "out of memory"});
    if (code != SQLITE_OK) return failed(opened);
    sqlite3_busy_timeout(opened, busy_timeout_ms);
    out.set_closing(closing::keeps_log);
    return out;
}

void database::set_closing(closing how) {
    sqlite3_db_config(what_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, how == closing::keeps_log ? 1 : 0,
                      nullptr);
}

void database::interrupt() {
    sqlite3_interrupt(what_.get());
}

database_result<void> database::execute(const char* sql) {
    if (sqlite3_exec(what_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return failed(what_.get());
    return {};
}

database_result<statement> database::prepare(std::string_view sql) {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(what_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr) !=
        SQLITE_OK)
        return failed(what_.get());
    return statement(prepared);
}

database_result<std::string> database::query_text(std::string_view sql) {
    auto query = prepare(sql);
    if (!query) return std::unexpected(query.error());
    const auto step = query->step();
    if (!step) return std::unexpected(step.error());
    return *step == statement::step_result::row ? query->text(0) : std::string{};
}

database_result<void> database::check_pages() {
    const auto checked = query_text("PRAGMA quick_check(1)");
    if (!checked) return std::unexpected(checked.error());
    if (*checked != "ok") return std::unexpected(database_error{failure_kind::corrupt, "damaged pages"});
    return {};
}

database_result<std::string> database::schema_version(std::string_view known, std::string_view replaced) {
    auto version = query_text("PRAGMA user_version");
    if (!version || *version == "0" || *version == known || (!replaced.empty() && *version == replaced))
        return version;
    return std::unexpected(database_error{
        failure_kind::other,
        fmt::format("it was written by a newer version (its schema is {}, this garde knows {})", *version,
                    known)});
}

}  // namespace garde::store
