// Writes the personal values beside the log, makes the keys that they are sealed under, and destroys those
// keys. What append() has written is durable before the log's lines that commit to it are begun. One thread.
#pragma once

#include "names_volume.hpp"

#include <memory>
#include <span>
#include <vector>

namespace garde::journal {

class names_log {
  public:
    /// `names_key`: the file; empty: names.key in the folder, which is then made when missing. Values of
    /// records behind the log's `size` belong to a write that was cut off, and are taken away.
    static result<names_log> open(file_layer& files, const std::filesystem::path& folder,
                                  const std::filesystem::path& names_key, std::uint64_t size);

    /// Makes them durable, or fails; then call it again with the same ones.
    std::error_code append(std::span<const record_values> what);

    /// Destroys the keys of all epochs before this one, then their values.
    std::error_code erase_before(std::int64_t epoch);

    /// Whether there is something to erase before this epoch.
    [[nodiscard]] io_result<bool> has_before(std::int64_t epoch) const;

  private:
    struct open_volume {
        volume which;
        secret_string key;
        std::unique_ptr<open_file> file;
        std::uint64_t length = 0;  ///< up to the last whole line
    };

    names_log(file_layer& files, std::filesystem::path folder, secret_string names_key)
        : files_(&files), folder_(std::move(folder)), names_key_(std::move(names_key)) {}

    io_result<open_volume*> volume_for(std::int64_t epoch);
    io_result<open_volume> find_or_make(std::int64_t epoch);
    io_result<open_volume> make(const volume& which);
    io_result<open_volume> reopen(const volume& which, secret_string key);
    std::error_code trim(const volume& which, std::uint64_t size);
    static std::error_code append_to(open_volume& to, std::span<const record_values> what);

    file_layer* files_;
    std::filesystem::path folder_;
    secret_string names_key_;
    std::vector<open_volume> open_;  ///< the latest few
};

}  // namespace garde::journal
