// The tables of the reply store, and how its file is made ready for writing.
#pragma once

#include "sqlite_database.hpp"

#include <filesystem>

namespace garde::store {

/// The database in this file, with its tables; one of an earlier schema is emptied first, with a warning.
/// Does not read all of it: a million replies may be there.
database_result<database> open_reply_database(const std::filesystem::path& file);

}  // namespace garde::store
