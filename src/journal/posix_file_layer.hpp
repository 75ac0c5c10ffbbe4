// The file layer on the operating system's files.
#pragma once

#include "file_layer.hpp"

namespace garde::journal {

/// Stateless; any thread.
class posix_file_layer final : public file_layer {
  public:
    io_result<std::unique_ptr<open_file>> open(const std::filesystem::path& file, open_mode mode) override;
    std::error_code rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    std::error_code remove(const std::filesystem::path& file) override;
    io_result<std::vector<std::string>> list(const std::filesystem::path& folder) override;
    std::error_code sync_folder(const std::filesystem::path& folder) override;
    io_result<folder_state> make_folder(const std::filesystem::path& folder) override;
    result<std::unique_ptr<folder_lock>> lock(const std::filesystem::path& file) override;
};

}  // namespace garde::journal
