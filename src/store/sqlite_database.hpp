// A thin owner of one SQLite database file and its statements. One thread at a time. Errors carry SQLite's
// words, never values.
#pragma once

#include "garde/base/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace garde::store {

enum class failure_kind : std::uint8_t {
    corrupt,  ///< what is in the file is no (whole) database
    other,    ///< anything else: permissions, full disk, …
};

struct database_error {
    failure_kind kind = failure_kind::other;
    std::string message;
};

template <class T>
using database_result = std::expected<T, database_error>;

/// A prepared statement; parameters and columns are numbered as in SQLite (from 1, and from 0).
class statement {
  public:
    enum class step_result : std::uint8_t { row, done };

    void bind(int parameter, std::string_view text);
    void bind(int parameter, std::int64_t number);
    void bind_null(int parameter);
    void bind_bytes(int parameter, std::string_view bytes);
    /// Ready to be carried out again; what was bound is not kept.
    void reset();
    database_result<step_result> step();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::string bytes(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_number(int column) const;

  private:
    friend class database;
    struct finalizer {
        void operator()(sqlite3_stmt* what) const noexcept;
    };
    explicit statement(sqlite3_stmt* what) : what_(what) {}
    std::unique_ptr<sqlite3_stmt, finalizer> what_;
};

class database {
  public:
    /// Opens or makes the file, readable by its owner only. The folder must exist.
    static database_result<database> open(const std::filesystem::path& file);

    /// What closing does with the write-ahead log.
    enum class closing : std::uint8_t {
        keeps_log,   ///< leaves it beside the file, as evidence of a corrupt one; as opened
        clears_log,  ///< moves its content into the file and deletes it
    };
    void set_closing(closing how);

    /// Any thread: what is under way fails. What is about to begin does not notice.
    void interrupt();

    database_result<void> execute(const char* sql);
    /// The first column of the first row.
    database_result<std::string> query_text(std::string_view sql);
    database_result<statement> prepare(std::string_view sql);

    /// Corrupt, where SQLite finds damaged pages. Reads the whole file.
    database_result<void> check_pages();
    /// `user_version`: "0" for a new file, `known`, or another that the caller can `replace` (empty: none);
    /// any other is an error that names it.
    database_result<std::string> schema_version(std::string_view known, std::string_view replaced = {});

  private:
    struct closer {
        void operator()(sqlite3* what) const noexcept;
    };
    explicit database(sqlite3* what) : what_(what) {}
    std::unique_ptr<sqlite3, closer> what_;
};

}  // namespace garde::store
