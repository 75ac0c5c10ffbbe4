// A checkpoint in a file: there is always a whole one, the newest that was written.
#pragma once

#include "checkpoint_place.hpp"
#include "file_layer.hpp"

#include <filesystem>

namespace garde::journal {

class checkpoint_file final : public checkpoint_place {
  public:
    /// Its folder must exist by the time of a push.
    checkpoint_file(file_layer& files, std::filesystem::path file) : files_(files), file_(std::move(file)) {}

    /// Durable before it returns: the content before the name, then the name.
    result<void> push(const signed_checkpoint& what, const push_limit& until) override;

  private:
    file_layer& files_;
    const std::filesystem::path file_;
};

}  // namespace garde::journal
