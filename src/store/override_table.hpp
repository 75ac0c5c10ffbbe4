// Overrides and open procedures as SQLite tables: schema, recovery from a corrupt file, and the operations.
// One thread at a time; all of it may block for as long as the disk does.
#pragma once

#include "garde/store/override_store.hpp"

#include "sqlite_database.hpp"

namespace garde::store {

class override_table {
  public:
    static result<override_table> open(const std::filesystem::path& file);

    result<std::vector<stored_override>> load();
    result<void> put(const stored_override& value);
    result<void> remove(const std::string& service);
    result<std::vector<stored_procedure>> load_procedures();
    result<void> open_procedure(const stored_procedure& value);
    result<void> close_procedure(const std::string& service);

  private:
    override_table(database opened, std::filesystem::path file)
        : database_(std::move(opened)), file_(std::move(file)) {}
    [[nodiscard]] std::unexpected<error> failed(std::string_view what, const database_error& why) const;
    result<void> finish(std::string_view what, database_result<statement>& prepared) const;

    database database_;
    std::filesystem::path file_;
};

}  // namespace garde::store
