// TOML → settings. Every error names file and line, what is wrong, and what to write instead; as many as can
// be found are reported together.
#pragma once

#include "garde/config/settings.hpp"

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace garde::config {

struct problem {
    enum class severity : std::uint8_t {
        error,
        expired,  ///< wrong by now, and right once: garde does not refuse to start for it; `garde check`
                  ///< fails
        warning,
    };
    severity level = severity::error;
    std::filesystem::path file;
    int line = 0;         ///< 1-based; 0 where the whole file is meant
    std::string what;     ///< what is wrong
    std::string instead;  ///< what to write or do instead
};

/// FILE:LINE: error: WHAT; INSTEAD
std::string to_text(const problem& value);
std::string_view name_of(problem::severity level);

struct loaded {
    settings_ptr value;
    std::vector<problem> warnings;  ///< and what has expired
};

/// Reads and validates the file and everything it points to (certificates, keys, texts, tokens). Reads files
/// only; opens no port. At start-up and on reload, in any thread.
std::expected<loaded, std::vector<problem>> load(const std::filesystem::path& file);

/// The same, for who must know what was read even when it is refused.
struct reading {
    std::string sha256;  ///< of the file's bytes, hex; empty when it could not be read
    std::expected<loaded, std::vector<problem>> outcome;
};
reading read(const std::filesystem::path& file);

/// What `next` would change that only a new process can take up: an error for each such setting.
std::vector<problem> check_reload(const settings& running, const settings& next);

/// What `garde check` adds to load(): ports that are in use or not ours to bind. Binds each and closes it
/// again.
std::vector<problem> check_ports(const settings& value);

}  // namespace garde::config
