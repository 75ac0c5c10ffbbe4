// Verification on any file layer; the public verify() runs it on the real one.
#pragma once

#include "garde/journal/reading.hpp"

#include "file_layer.hpp"

namespace garde::journal {

result<verification> verify(file_layer& files, const std::filesystem::path& folder,
                            const verify_options& options = {});

}  // namespace garde::journal
