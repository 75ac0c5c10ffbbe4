// `garde journal key` and `garde journal verifier`: the key that signs the journal's checkpoints.
#pragma once

#include "garde/base/result.hpp"

#include <filesystem>
#include <string>

namespace garde::app {

/// Makes a new key in this file (0600), which must not exist yet; returns the verifier key, NAME+HASH+KEY.
result<std::string> make_note_key_file(const std::filesystem::path& file, const std::string& name);

/// The verifier key of the key in this file.
result<std::string> read_verifier_key(const std::filesystem::path& file, const std::string& name);

}  // namespace garde::app
