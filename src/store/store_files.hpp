// What all stores do with their files: make the folder, set a corrupt file aside.
#pragma once

#include "garde/base/result.hpp"

#include <filesystem>

namespace garde::store {

/// With those above it, for the owner only; what is wrong shows when a file is opened in it.
void make_folder(const std::filesystem::path& folder);

/// Moves a database and its journals out of the way, under the first number that is free: FILE.corrupt-N.
result<std::filesystem::path> set_aside(const std::filesystem::path& file);

}  // namespace garde::store
