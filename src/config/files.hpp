// Reading the files that the configuration names. Contents go to their settings, never into a message.
#pragma once

#include "garde/base/secret.hpp"

#include "report.hpp"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

namespace garde::config {

inline constexpr std::size_t text_file_limit = 1024 * 1024;

/// The content of a regular file of at most `limit` bytes; else in words what is wrong with it (`does not
/// exist`).
std::expected<std::string, std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// The same for a file that a setting names; reported when it cannot be read or is empty.
std::optional<std::string> read_named_file(const named_file& file, report& into);

/// The same for a private key; warned about when others than its owner may read it.
std::optional<secret_string> read_key_file(const named_file& file, report& into);

}  // namespace garde::config
